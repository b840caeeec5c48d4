using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests.Sockets;

/// <summary>Two hosts with sockets, 10.0.0.1 and 10.0.0.2, and 2001:db8::1 and 2001:db8::2 for who asks.</summary>
internal sealed class SocketFixture : IAsyncDisposable
{
    private readonly TwoStacks _stacks;

    private SocketFixture(TwoStacks stacks, int descriptors)
    {
        _stacks = stacks;
        First = new(stacks.System, stacks.First, descriptors);
        Second = new(stacks.System, stacks.Second, descriptors);
    }

    public SocketHost First { get; }

    public SocketHost Second { get; }

    public TwoStacks Stacks => _stacks;

    public static async Task<SocketFixture> StartAsync(
        TcpConfiguration? tcp = null, int descriptors = 1000, Func<int, ReadOnlyMemory<byte>, LinkFate>? fate = null,
        bool ipv6 = false) =>
        new(await TwoStacks.StartAsync(seed: 11, fate, tcp, ipv6: ipv6), descriptors);

    /// <summary>A connection from the first host to the second.</summary>
    public (nint Client, nint Server) Connect()
    {
        nint listener = Second.Listen();
        nint client = First.Open();
        SocketHost.Ok(First.Connect(client, "10.0.0.2", Second.PortOf(listener)));
        nint server = Second.Accept(listener);
        SocketHost.Ok(Second.Calls.Close(listener));
        return (client, server);
    }

    public ValueTask DisposeAsync() => _stacks.DisposeAsync();
}
