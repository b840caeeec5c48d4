namespace Troupe.Planted;

internal static class Pointers
{
    internal static unsafe int Read(int* pointer) => *pointer; // refused: Unsafe code may only appear if compiling with /unsafe
}
