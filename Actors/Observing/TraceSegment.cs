using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The stamps of the messages in one mailbox segment. A stamp names the position it belongs to, so what an untraced message of a later lap
/// finds here is not taken for its own. Written by the producer of the position before it publishes the message, read by who takes that.
/// </summary>
internal sealed class TraceSegment(int length)
{
    private readonly Entry[] _entries = new Entry[length];

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Write(ref TraceSegment? location, int length, long position)
    {
        TraceThread thread = TraceThread.Current;
        TraceStamp stamp = thread.Sending;
        if (!stamp.IsTraced)
            return;
        thread.Sending = default;
        TraceSegment? segment = ProcessorMemory.LoadAcquire(ref location);
        if (segment is null)
        {
            var created = new TraceSegment(length);
            segment = ProcessorMemory.CompareExchange(ref location, created, null) ?? created;
        }

        segment._entries[(int)position & (length - 1)] = new Entry(position + 1, stamp);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Take(ref TraceSegment? location, long position)
    {
        TraceSegment? segment = ProcessorMemory.LoadAcquire(ref location);
        Entry entry = segment is null ? default : segment._entries[(int)position & (segment._entries.Length - 1)];
        TraceThread.Current.Received = entry.PositionAndOne == position + 1 ? entry.Stamp : default;
    }

    private readonly record struct Entry(long PositionAndOne, TraceStamp Stamp);
}
