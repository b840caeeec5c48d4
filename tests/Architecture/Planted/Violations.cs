using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Troupe.Planted;

// Each line marked as refused must be, with the name that follows the mark in the complaint.
internal static class Violations
{
    [DllImport("c")] // refused: DllImportAttribute
    private static extern int getpid();

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_size")] // refused: UnsafeAccessorAttribute
    private static extern ref int Size(List<int> list);

    internal static int Use(List<int> list, byte[] bytes)
    {
        Unsafe.Add(ref bytes[0], 1) = 2; // refused: Unsafe
        var words = MemoryMarshal.Cast<byte, int>(bytes); // refused: MemoryMarshal
        CollectionsMarshal.SetCount(list, 3); // refused: CollectionsMarshal
        var block = Marshal.AllocHGlobal(8); // refused: Marshal
        var pinned = GCHandle.Alloc(bytes); // refused: GCHandle
        Thread.Sleep(1); // refused: Thread.Sleep
        var now = DateTime.UtcNow; // refused: DateTime.UtcNow
        var clock = Stopwatch.StartNew(); // refused: Stopwatch
        return words.Length + (int)block + (pinned.IsAllocated ? 1 : 0) + now.Day + clock.Elapsed.Days + getpid() + Size(list);
    }
}
