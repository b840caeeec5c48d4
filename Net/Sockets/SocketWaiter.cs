using Troupe.Actors;

namespace Troupe.Net.Sockets;

/// <summary>
/// A thread whose socket call blocks. It stands in the lists of the sockets it waits for before it looks at them, and whoever changes one of them unparks
/// it under that socket's gate: the parker keeps the permit, so no change between the look and the sleep is lost. A permit of an earlier call
/// only makes a thread look once more.
/// </summary>
internal sealed class SocketWaiter(SocketNetwork network)
{
    private readonly IParker _parker = network.CreateParker();

    [ThreadStatic]
    private static SocketWaiter? s_current;

    /// <summary>The calling thread's, of the network that it used last.</summary>
    public static SocketWaiter Current(SocketNetwork network) => s_current is { } current && current.IsOf(network) ? current : s_current = new(network);

    public void Wake() => _parker.Unpark();

    public void Park(TimeSpan limit) => _parker.Park(limit);

    private bool IsOf(SocketNetwork other) => ReferenceEquals(network, other);
}

/// <summary>One blocking call: its time limit, and the thread it parks once it has to.</summary>
internal ref struct BlockingCall(StackSocket socket, int timeoutMilliseconds)
{
    private SocketWaiter? _waiter;
    private long _started;

    /// <summary>Whether the caller has been put into the socket's list; the gate is held. False the first time: look again, then park.</summary>
    public bool IsAnnounced()
    {
        if (_waiter is not null)
            return true;
        _waiter = SocketWaiter.Current(socket.Network);
        _started = socket.Network.Time.GetTimestamp();
        socket.AddWaiter(_waiter);
        return false;
    }

    /// <summary>Parks until the socket changes; false when the time is over. The gate is not held.</summary>
    public readonly bool Park()
    {
        TimeSpan limit = Timeout.InfiniteTimeSpan;
        if (timeoutMilliseconds > 0)
        {
            limit = TimeSpan.FromMilliseconds(timeoutMilliseconds) - socket.Network.Time.GetElapsedTime(_started);
            if (limit <= TimeSpan.Zero)
                return false;
        }

        _waiter!.Park(limit);
        return true;
    }

    /// <summary>Leaves the socket's list. The gate is not held.</summary>
    public readonly void Dispose()
    {
        if (_waiter is null)
            return;
        lock (socket.Gate)
            socket.RemoveWaiter(_waiter);
    }
}
