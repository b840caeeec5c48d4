namespace Troupe.Smp.SystemNative;

/// <summary>
/// Open files about the network, each with the octets it had when it was opened. Their descriptors are below those of files and sockets that are served, and above any that a file of the
/// kernel can have, so that whose a descriptor is takes two comparisons.
/// </summary>
internal static class NetworkTexts
{
    private const nint First = 0x2000_0000;

    // A program that forgets to close them fails as with files.
    private const int Most = 256;

    private static readonly Text?[] s_open = new Text?[Most];

    /// <summary>Whether a descriptor is one of these.</summary>
    public static bool Owns(nint descriptor) => descriptor is >= First and < FileServices.FirstDescriptor;

    /// <summary>Whether a path may be one of these at all; nobody is asked for any other.</summary>
    public static bool MayBe(ReadOnlySpan<byte> path) =>
        path.StartsWith("/proc/net/"u8) || path.StartsWith("/proc/sys/net/"u8) || path.StartsWith("/sys/class/net/"u8) || path.SequenceEqual("/etc/resolv.conf"u8);

    /// <summary>
    /// Whether a path names a folder in which the class library counts the files; on Linux there are folders alone in it, so it is empty here.
    /// </summary>
    public static bool IsEmptyDirectory(ReadOnlySpan<byte> path) => path.SequenceEqual("/proc/sys/net/ipv4/conf"u8) || path.SequenceEqual("/proc/sys/net/ipv6/conf"u8);

    /// <summary>A descriptor for a text; -1 when too many are open.</summary>
    public static nint Open(byte[] octets)
    {
        Text text = new(octets);
        for (int index = 0; index < Most; index++)
        {
            if (Interlocked.CompareExchange(ref s_open[index], text, null) is null)
                return First + index;
        }

        return -1;
    }

    /// <summary>The text of a descriptor; null when it is not open.</summary>
    public static Text? Find(nint descriptor) => descriptor - First < Most ? Volatile.Read(ref s_open[descriptor - First]) : null;

    /// <summary>Frees a descriptor; false when it was not open.</summary>
    public static bool Close(nint descriptor) => descriptor - First < Most && Interlocked.Exchange(ref s_open[descriptor - First], null) is not null;

    /// <summary>An open file; reads move its position, as a file's do.</summary>
    internal sealed class Text(byte[] octets)
    {
        private readonly Lock _gate = new();
        private long _position;

        /// <summary>Copies from the position on, and moves it.</summary>
        public int Read(Span<byte> destination)
        {
            lock (_gate)
            {
                int count = Read(destination, _position);
                _position += count;
                return count;
            }
        }

        /// <summary>Copies from a place on.</summary>
        public int Read(Span<byte> destination, long from)
        {
            if (from < 0 || from >= octets.Length)
                return 0;
            int count = (int)Math.Min(destination.Length, octets.Length - from);
            octets.AsSpan((int)from, count).CopyTo(destination);
            return count;
        }

        /// <summary>lseek: the new position; -1 for one that there cannot be.</summary>
        public long Seek(long offset, int origin)
        {
            lock (_gate)
            {
                long position = offset + (origin switch { 0 => 0, 1 => _position, 2 => octets.Length, _ => long.MinValue / 2 });
                if (position < 0)
                    return -1;
                return _position = position;
            }
        }
    }
}
