using System.Buffers;

namespace Troupe.Smp.SystemNative;

/// <summary>Memory over native buffers, for as long as one call takes; each thread keeps its own and points them anew.</summary>
internal sealed unsafe class NativeMemoryWindow : MemoryManager<byte>
{
    // man 2 sendmsg: more are refused (IOV_MAX).
    public const int MostVectors = 1024;

    [ThreadStatic]
    private static NativeMemoryWindow[]? s_windows;

    [ThreadStatic]
    private static Memory<byte>[]? s_writable;

    [ThreadStatic]
    private static ReadOnlyMemory<byte>[]? s_readable;

    private byte* _start;
    private int _length;

    public static ReadOnlySpan<Memory<byte>> Writable(NativeVector* vectors, int count)
    {
        NativeMemoryWindow[] windows = Windows(count);
        Memory<byte>[] memories = s_writable is { } kept && kept.Length >= count ? kept : s_writable = new Memory<byte>[Math.Max(count, 8)];
        for (int index = 0; index < count; index++)
            memories[index] = windows[index].Over(vectors[index]).Memory;
        return memories.AsSpan(0, count);
    }

    public static ReadOnlySpan<ReadOnlyMemory<byte>> Readable(NativeVector* vectors, int count)
    {
        NativeMemoryWindow[] windows = Windows(count);
        ReadOnlyMemory<byte>[] memories = s_readable is { } kept && kept.Length >= count ? kept : s_readable = new ReadOnlyMemory<byte>[Math.Max(count, 8)];
        for (int index = 0; index < count; index++)
            memories[index] = windows[index].Over(vectors[index]).Memory;
        return memories.AsSpan(0, count);
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    // Native memory does not move.
    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }

    private static NativeMemoryWindow[] Windows(int count)
    {
        if (s_windows is { } kept && kept.Length >= count)
            return kept;
        var windows = new NativeMemoryWindow[Math.Max(count, 8)];
        for (int index = 0; index < windows.Length; index++)
            windows[index] = new();
        return s_windows = windows;
    }

    private NativeMemoryWindow Over(in NativeVector vector)
    {
        _start = vector.Base;
        _length = (int)Math.Min(vector.Count, int.MaxValue);
        return this;
    }
}
