using Troupe.Actors;

namespace Troupe.Net.Sockets;

/// <summary>
/// Reports what happens to registered sockets to the thread that waits, each socket once with everything since the last report (man 7 epoll, edge-triggered).
/// The gate of a socket may be held while the port's is taken, never the other way round.
/// </summary>
internal sealed class SocketEventPort(IParker parker)
{
    private readonly object _gate = new();
    private readonly Queue<Registration> _ready = new();
    private bool _closed;

    /// <summary>One socket's place at the port.</summary>
    internal sealed class Registration(SocketEventPort port, nint data)
    {
        /// <summary>The port's gate is held.</summary>
        internal SocketEvents Pending { get; set; }

        internal bool IsRemoved { get; set; }

        internal nint Data => data;

        internal void Raise(SocketEvents events) => port.Raise(this, events);

        internal void Remove()
        {
            lock (port._gate)
                IsRemoved = true;
        }
    }

    public Registration Register(nint data) => new(this, data);

    /// <summary>Waits until there are events, and puts them into the list; none when the port was closed.</summary>
    public int Wait(Span<(nint Data, int Events)> events)
    {
        while (true)
        {
            // The permit is left after an event was queued: an event that this look misses makes the park return at once.
            int count = Take(events, out bool closed);
            if (count > 0 || closed)
                return count;
            parker.Park(Timeout.InfiniteTimeSpan);
        }
    }

    public void Close()
    {
        lock (_gate)
            _closed = true;
        parker.Unpark();
    }

    private int Take(Span<(nint Data, int Events)> events, out bool closed)
    {
        int count = 0;
        lock (_gate)
        {
            while (count < events.Length && _ready.TryDequeue(out Registration? registration))
            {
                if (!registration.IsRemoved)
                    events[count++] = (registration.Data, (int)registration.Pending);
                registration.Pending = SocketEvents.None;
            }

            closed = _closed;
        }

        return count;
    }

    private void Raise(Registration registration, SocketEvents events)
    {
        lock (_gate)
        {
            bool queued = registration.Pending != SocketEvents.None;
            registration.Pending |= events;
            if (queued || events == SocketEvents.None)
                return;
            _ready.Enqueue(registration);
        }

        parker.Unpark();
    }
}
