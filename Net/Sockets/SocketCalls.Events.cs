// pal_networking.h: the event port; man 2 poll, man 2 select.

namespace Troupe.Net.Sockets;

public sealed partial class SocketCalls
{
    /// <summary>Creates an event port.</summary>
    public int CreateEventPort(out nint port) =>
        _table.TryAdd(new SocketEventPort(network.CreateParker()), out port) ? 0 : (int)SocketErrno.TooManyDescriptors;

    /// <summary>Ends an event port; the thread that waits there returns without events.</summary>
    public int CloseEventPort(nint port) => Close(port);

    /// <summary>Registers a socket for all events (the only wish there is besides none), with what shall come back with each.</summary>
    public int Register(nint port, nint descriptor, bool wanted, nint data)
    {
        if (!TryFind(descriptor, out StackSocket? socket) || _table.Find<SocketEventPort>(port) is not { } found)
            return (int)SocketErrno.BadDescriptor;
        socket.Register(wanted ? found : null, data);
        return 0;
    }

    /// <summary>Waits for events.</summary>
    public int WaitForEvents(nint port, Span<(nint Data, int Events)> events, out int count)
    {
        count = 0;
        if (_table.Find<SocketEventPort>(port) is not { } found)
            return (int)SocketErrno.BadDescriptor;
        count = found.Wait(events);
        return 0;
    }

    /// <summary>Waits until one of the sockets is ready, or the time (-1: none) is over.</summary>
    public int Poll(Span<(nint Descriptor, int Wanted, int Found)> sockets, int milliseconds, out int ready)
    {
        ready = Look(sockets);
        if (ready > 0 || milliseconds == 0)
            return 0;
        SocketWaiter waiter = SocketWaiter.Current(network);
        long started = network.Time.GetTimestamp();
        List<StackSocket> waited = Announce(sockets, waiter);
        try
        {
            while ((ready = Look(sockets)) == 0)
            {
                TimeSpan limit = Timeout.InfiniteTimeSpan;
                if (milliseconds > 0)
                {
                    limit = TimeSpan.FromMilliseconds(milliseconds) - network.Time.GetElapsedTime(started);
                    if (limit <= TimeSpan.Zero)
                        break;
                }

                waiter.Park(limit);
            }

            return 0;
        }
        finally
        {
            foreach (StackSocket socket in waited)
            {
                lock (socket.Gate)
                    socket.RemoveWaiter(waiter);
            }
        }
    }

    /// <summary>Poll by three lists of descriptors, in which those that are not ready become 0; the time is in microseconds, and -1 for none.</summary>
    public int Select(Span<int> readable, Span<int> writable, Span<int> failed, int microseconds, out int ready)
    {
        var all = new (nint Descriptor, int Wanted, int Found)[readable.Length + writable.Length + failed.Length];
        int next = 0;
        foreach (int descriptor in readable)
            all[next++] = (descriptor, (int)PollEvents.Input, 0);
        foreach (int descriptor in writable)
            all[next++] = (descriptor, (int)PollEvents.Output, 0);
        foreach (int descriptor in failed)
            all[next++] = (descriptor, (int)PollEvents.Priority, 0);
        int status = Poll(all, microseconds < 0 ? -1 : (microseconds + 999) / 1000, out ready);
        if (status != 0)
            return status;
        next = 0;
        foreach (ref int descriptor in readable)
            descriptor = all[next++].Found != 0 ? descriptor : 0;
        foreach (ref int descriptor in writable)
            descriptor = all[next++].Found != 0 ? descriptor : 0;
        foreach (ref int descriptor in failed)
            descriptor = all[next++].Found != 0 ? descriptor : 0;
        return 0;
    }

    private int Look(Span<(nint Descriptor, int Wanted, int Found)> sockets)
    {
        int ready = 0;
        foreach (ref (nint Descriptor, int Wanted, int Found) entry in sockets)
        {
            PollEvents found = PollEvents.Invalid;
            if (TryFind(entry.Descriptor, out StackSocket? socket))
            {
                lock (socket.Gate)
                    found = ToPoll(socket.Level()) & ((PollEvents)entry.Wanted | PollEvents.Error | PollEvents.HangUp);
            }

            entry.Found = (int)found;
            ready += found != PollEvents.None ? 1 : 0;
        }

        return ready;
    }

    private List<StackSocket> Announce(ReadOnlySpan<(nint Descriptor, int Wanted, int Found)> sockets, SocketWaiter waiter)
    {
        List<StackSocket> waited = new(sockets.Length);
        foreach ((nint descriptor, _, _) in sockets)
        {
            if (!TryFind(descriptor, out StackSocket? socket))
                continue;
            lock (socket.Gate)
                socket.AddWaiter(waiter);
            waited.Add(socket);
        }

        return waited;
    }

    private static PollEvents ToPoll(SocketEvents level) =>
        ((level & (SocketEvents.Read | SocketEvents.ReadClose)) != 0 ? PollEvents.Input : PollEvents.None)
        | ((level & SocketEvents.Write) != 0 ? PollEvents.Output : PollEvents.None)
        | ((level & SocketEvents.Error) != 0 ? PollEvents.Error : PollEvents.None)
        | ((level & SocketEvents.Close) != 0 ? PollEvents.HangUp : PollEvents.None);
}
