using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// Traces a system: each worker writes what happens into a ring of its own, which any thread can read at any time. Every message gets a
/// number and carries that of the first message of its chain; both stand in the events, so what led to what can be told.
/// </summary>
/// <remarks>
/// A ring belongs to one worker thread; when that has ended (it was detached), the next one writes on. The list of rings is under a lock, which a thread
/// takes once. Threads that are no workers share one ring under its lock.
/// </remarks>
public sealed class ActorTracer
{
    /// <summary>Events that the ring of each worker holds, unless told otherwise: 1 MB.</summary>
    public const int DefaultLength = 16_384;

    /// <summary>In place of a message's number: a new one.</summary>
    internal const long NewMessage = -1;

    private static long _ringNumbers;

    private readonly ActorSystem _system;
    private readonly int _length;
    private readonly List<TracerRing> _rings = [];
    private readonly TracerRing _outside;

    internal ActorTracer(ActorSystem system, int length)
    {
        _system = system;
        _length = length;
        _outside = NewRing(null);
        StartedAt = system.Time.GetTimestamp();
    }

    /// <summary>
    /// The number of the message with which the chain of causes began that led to what this thread handles now; zero: none, or nothing is traced. For
    /// log lines.
    /// </summary>
    public static long CurrentFlow => TraceSwitch.IsOn ? TraceThread.Current.Handled.Flow : 0;

    /// <summary>The system's clock when tracing began.</summary>
    internal long StartedAt { get; }

    /// <summary>Events written so far, those that are overwritten included. Any thread.</summary>
    public long EventCount
    {
        get
        {
            lock (_rings)
                return _rings.Sum(static ring => ring.Events.Next);
        }
    }

    /// <summary>
    /// What the rings hold at this moment, in an order in which no message is received before it was sent. Any thread, also while the workers
    /// run, or hang. Actors without a name get the one of their path now.
    /// </summary>
    public ActorTrace Read()
    {
        TracerRing[] rings;
        lock (_rings)
            rings = [.. _rings];
        var records = new List<TraceRecord<ActorCell>>[rings.Length];
        long overwritten = 0;
        for (int index = 0; index < rings.Length; index++)
        {
            records[index] = [];
            overwritten += rings[index].Events.Read(records[index]);
        }

        return new ActorTrace(TraceOrder.Merge(records).ConvertAll(ToEvent), overwritten);
    }

    internal TracerRing RentRing(WorkerThread owner)
    {
        lock (_rings)
        {
            TracerRing? free = _rings.Find(static ring => ring.Owner is { HasEnded: true });
            if (free is null)
                return NewRing(owner);
            free.Owner = owner;
            return free;
        }
    }

    /// <summary>Writes an event; its message, if that is a new one or none is given a flow, begins one.</summary>
    internal TraceStamp Record(TraceKind kind, ActorCell? actor, ActorCell? peer, Type? subject, long message, long cause, long flow)
    {
        WorkerThread? worker = WorkerThread.Current;
        if (worker is not null && ReferenceEquals(worker.Scheduler, _system.Scheduler))
            return Write(TraceThread.Current.RingOf(this, worker), worker.Processor, kind, actor, peer, subject, message, cause, flow);
        lock (_outside)
            return Write(_outside, -1, kind, actor, peer, subject, message, cause, flow);
    }

    private TraceStamp Write(TracerRing ring, int worker, TraceKind kind, ActorCell? actor, ActorCell? peer, Type? subject, long message, long cause, long flow)
    {
        if (message == NewMessage)
        {
            message = ring.NextMessage;
            flow = flow == 0 ? message : flow;
        }

        ring.Events.Write(new TraceRecord<ActorCell>
        {
            Time = _system.Time.GetTimestamp(),
            KindAndWorker = ((long)(worker + 1) << 8) | (long)kind,
            Actor = actor,
            Peer = peer,
            Subject = subject,
            Message = message,
            Cause = cause,
            Flow = flow,
        });
        return new TraceStamp(message, flow);
    }

    private TracerRing NewRing(WorkerThread? owner)
    {
        var ring = new TracerRing(ProcessorMemory.Add(ref _ringNumbers, 1), _length, owner);
        _rings.Add(ring);
        return ring;
    }

    private TraceEvent ToEvent(TraceRecord<ActorCell> record) => new()
    {
        Time = _system.Time.GetElapsedTime(StartedAt, record.Time),
        Kind = TraceOrder.KindOf(in record),
        Worker = (int)(record.KindAndWorker >> 8) - 1,
        Actor = record.Actor?.Path,
        Peer = record.Peer?.Path,
        Subject = record.Subject,
        Message = record.Message,
        Cause = record.Cause,
        Flow = record.Flow,
    };
}
