using Troupe.Actors;

namespace Troupe.Apps.Files;

/// <summary>
/// Bytes on their way from or to a file: moves to the file system in a message and comes back in the answer, with what became of it. Owned. The same one can be used again and again.
/// Not thread-safe: one owner at a time.
/// </summary>
[Owned]
public sealed class FileTransfer : IDisposable
{
    /// <summary>The most bytes of one transfer.</summary>
    public const int MaximumCapacity = 1024 * 1024;

    private readonly byte[] _bytes;

    /// <summary>A transfer of up to <paramref name="capacity"/> bytes.</summary>
    public FileTransfer(int capacity = 64 * 1024)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, MaximumCapacity);
        _bytes = new byte[capacity];
    }

    /// <summary>The file.</summary>
    public FileHandle Handle { get; private set; }

    /// <summary>Where in the file, in bytes.</summary>
    public long Position { get; private set; }

    /// <summary>How many bytes are asked for.</summary>
    public int Length { get; private set; }

    /// <summary>How many bytes were transferred. A read that has fewer than <see cref="Length"/> has met the end of the file.</summary>
    public int Count { get; internal set; }

    /// <summary>What became of it. A write that failed may have written <see cref="Count"/> bytes.</summary>
    public FileSystemError Error { get; internal set; }

    /// <summary>What became of it, in words; empty if it was done.</summary>
    public string ErrorMessage { get; internal set; } = "";

    /// <summary>The bytes. The span must not outlive ownership.</summary>
    public Span<byte> Data => _bytes;

    internal Memory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <summary>Says which bytes of which file it is about.</summary>
    public void Set(FileHandle handle, long position, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _bytes.Length);
        (Handle, Position, Length, Count, Error, ErrorMessage) = (handle, position, length, 0, FileSystemError.None, "");
    }

    /// <summary>Nothing to give back: the bytes are the collector's.</summary>
    public void Dispose()
    {
    }
}
