/*
 * Objects of classes, for reports by type: two snapshots, between which
 * sessions are lost, shapes join a vector, and plain structs are allocated.
 */
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "agent/include/tenure.h"

namespace app
{

class Session
{
  public:
    virtual ~Session() = default;
    virtual int close()
    {
        return number;
    }
    int number = 0;
};

class Shape
{
  public:
    virtual ~Shape() = default;
    virtual double area() const = 0;
};

class Circle : public Shape
{
  public:
    double area() const override
    {
        return 3 * radius * radius;
    }
    double radius = 1;
};

template <typename T> class Box : public Shape
{
  public:
    double area() const override
    {
        return side * side;
    }
    T side = 2;
};

struct Point {
    long x, y;
};

} // namespace app

static std::vector<std::unique_ptr<app::Shape>> shapes;
static app::Point *points[50];
static void *mixed[40];
static void *volatile lost;

static void lose(int count)
{
    for (int i = 0; i < count; i++)
        lost = new app::Session;
    lost = nullptr;
}

static void draw(int circles, int boxes)
{
    for (int i = 0; i < circles; i++)
        shapes.push_back(std::make_unique<app::Circle>());
    for (int i = 0; i < boxes; i++)
        shapes.push_back(std::make_unique<app::Box<int>>());
}

/* One site, two classes: of neither. */
static void mix()
{
    for (int i = 0; i < 40; i++) {
        mixed[i] = std::malloc(64);
        if (i % 2)
            new (mixed[i]) app::Circle;
        else
            new (mixed[i]) app::Session;
    }
}

int main()
{
    lose(10);
    draw(20, 30);
    tenure_take_snapshot("before");
    lose(300);
    draw(100, 200);
    mix();
    for (app::Point *&point : points)
        point = new app::Point{1, 2};
    tenure_take_snapshot("after");
    return shapes.size() == 350 && shapes[0]->area() > 0 ? 0 : 1;
}
