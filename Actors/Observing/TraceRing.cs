using System.Numerics;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// The last events of one thread: a ring that this thread alone writes, with plain stores, and any thread reads at any time, also when the
/// writer hangs in the middle of something.
/// </summary>
/// <remarks>
/// The writer fills the slot of <c>Next</c>, then moves <c>Next</c>. A reader copies a slot and then looks at <c>Next</c> again: if that has come
/// round to the slot's next lap, the writer may have been at work in it, and the copy is dropped. Every word of a slot is a release store: so none of a
/// lap is seen before the <c>Next</c> that began it.
/// </remarks>
public sealed class TraceRing<TSubject, TMemory>
    where TSubject : class
    where TMemory : struct, IMemory
{
    private readonly Slot[] _slots;
    private long _next;

    /// <summary>Creates an empty ring.</summary>
    /// <param name="length">Events it holds, rounded up to a power of two; the oldest of a full ring cannot be read.</param>
    public TraceRing(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 2);
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)length)];
    }

    /// <summary>Events ever written, and the position of the next one.</summary>
    public long Next => TMemory.LoadAcquire(ref _next);

    /// <summary>Appends an event over the oldest. The writer only.</summary>
    public void Write(in TraceRecord<TSubject> record)
    {
        long position = _next;
        ref Slot slot = ref _slots[(int)position & (_slots.Length - 1)];
        TMemory.StoreRelease(ref slot.Time, record.Time);
        TMemory.StoreRelease(ref slot.KindAndWorker, record.KindAndWorker);
        TMemory.StoreRelease(ref slot.Actor, record.Actor);
        TMemory.StoreRelease(ref slot.Peer, record.Peer);
        TMemory.StoreRelease(ref slot.Subject, record.Subject);
        TMemory.StoreRelease(ref slot.Message, record.Message);
        TMemory.StoreRelease(ref slot.Cause, record.Cause);
        TMemory.StoreRelease(ref slot.Flow, record.Flow);
        TMemory.StoreRelease(ref _next, position + 1);
    }

    /// <summary>Copies the events of this moment, oldest first. Those that the writer overtakes meanwhile are left out. Any thread.</summary>
    /// <returns>The position of the first one copied.</returns>
    public long Read(ICollection<TraceRecord<TSubject>> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        long end = Next;
        long first = Math.Max(0, end - _slots.Length + 1);
        for (long position = first; position < end; position++)
        {
            ref Slot slot = ref _slots[(int)position & (_slots.Length - 1)];
            var record = new TraceRecord<TSubject>
            {
                Time = TMemory.LoadAcquire(ref slot.Time),
                KindAndWorker = TMemory.LoadAcquire(ref slot.KindAndWorker),
                Actor = TMemory.LoadAcquire(ref slot.Actor),
                Peer = TMemory.LoadAcquire(ref slot.Peer),
                Subject = TMemory.LoadAcquire(ref slot.Subject),
                Message = TMemory.LoadAcquire(ref slot.Message),
                Cause = TMemory.LoadAcquire(ref slot.Cause),
                Flow = TMemory.LoadAcquire(ref slot.Flow),
            };
            if (Next - position < _slots.Length)
                into.Add(record);
            else
                first = position + 1;
        }

        return first;
    }

    private struct Slot
    {
        internal long Time;
        internal long KindAndWorker;
        internal TSubject? Actor;
        internal TSubject? Peer;
        internal Type? Subject;
        internal long Message;
        internal long Cause;
        internal long Flow;
    }
}
