namespace Troupe.Tools.Guests;

/// <summary>A relay for each forwarded port, and what QEMU is told instead.</summary>
public sealed class PortRelays : IDisposable
{
    private readonly List<TcpForwarder> _relays = [];

    /// <summary>Starts to listen on every host port.</summary>
    public PortRelays(IReadOnlyList<PortForward> forwards)
    {
        ArgumentNullException.ThrowIfNull(forwards);
        var inner = new List<PortForward>();
        try
        {
            foreach (var forward in forwards)
            {
                var port = PortForward.FreePort();
                _relays.Add(TcpForwarder.Start(forward.Listen(TcpForwarder.Backlog), port));
                inner.Add(forward with { HostPort = port });
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        Inner = inner;
    }

    /// <summary>The same mappings, from the ports that the relays lead to.</summary>
    public IReadOnlyList<PortForward> Inner { get; }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var relay in _relays)
        {
            relay.Dispose();
        }
    }
}
