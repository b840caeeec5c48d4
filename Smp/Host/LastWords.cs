using System.Runtime.InteropServices;
using Troupe.Core.Memory;
using Troupe.Smp.Kernel;

namespace Troupe.Smp.Host;

/// <summary>
/// Bytes on their way to the console, in the order in which they came. In a guest a panic prints what has not got there. There is one in a guest.
/// </summary>
/// <remarks>Not thread-safe: the owner's lock.</remarks>
public sealed unsafe class LastWords
{
    private const int Said = 0, Known = 1, HeaderWords = 2;

    // The kernel half has its address.
    private static LastWords? _shown;

    private readonly long[] _words;
    private readonly int _room;

    /// <summary>With room for <paramref name="words"/> times eight bytes. In a guest the kernel half is shown it.</summary>
    public LastWords(int words)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(words);
        _room = words * sizeof(long);
        _words = GC.AllocateArray<long>(HeaderWords + words, pinned: true);
        if (GuestMachine.IsGuest)
        {
            _shown = this;
            KernelCalls.Require("note where the last words are", HostCall.ShowLastWords, (long)Marshal.UnsafeAddrOfPinnedArrayElement(_words, 0), _room);
        }
    }

    /// <summary>Whether all is said.</summary>
    public bool IsEmpty => Count == 0;

    private int Count => (int)(_words[Known] - _words[Said]);

    private Span<byte> Bytes => MemoryMarshal.AsBytes(_words.AsSpan(HeaderWords));

    /// <summary>Takes as much of a text as there is room for, and says how much that is.</summary>
    public int Add(ReadOnlySpan<byte> text)
    {
        int count = Math.Min(text.Length, _room - Count);
        int at = (int)(_words[Known] % _room);
        int straight = Math.Min(count, _room - at);
        text[..straight].CopyTo(Bytes[at..]);
        text[straight..count].CopyTo(Bytes);
        // The bytes before the number: a panic may come in between.
        ProcessorMemory.StoreRelease(ref _words[Known], _words[Known] + count);
        return count;
    }

    /// <summary>Copies the oldest bytes, which stay, and says how many they are.</summary>
    public int Peek(Span<byte> destination)
    {
        int count = Math.Min(destination.Length, Count);
        int at = (int)(_words[Said] % _room);
        int straight = Math.Min(count, _room - at);
        Bytes.Slice(at, straight).CopyTo(destination);
        Bytes[..(count - straight)].CopyTo(destination[straight..]);
        return count;
    }

    /// <summary>So many of the oldest bytes are said.</summary>
    public void Remove(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Count, nameof(count));
        ProcessorMemory.StoreRelease(ref _words[Said], _words[Said] + count);
    }
}
