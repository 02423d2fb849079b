// The header in C++: the same, with new.
#include <cstdio>
#include <tenure.h>

int main()
{
    char *kept = new char[100];
    std::printf("%d\n", tenure_take_snapshot("consumer"));
    delete[] kept;
}
