using Troupe.Net.Sockets;

namespace Troupe.Net.Tests.Sockets;

/// <summary>The event port and select: what the class library's asynchronous sockets stand on.</summary>
public sealed class SocketEventTests
{
    private const int Read = 1;
    private const int Write = 2;
    private const int ReadClose = 4;

    [Fact]
    public async Task RegisteringTellsWhatIsSoAlready()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        fixture.First.Send(client, [1]);
        fixture.Second.Poll(server, 1);
        nint port = Register(fixture.Second.Calls, server, 77);
        Assert.Equal((77, Read | Write), Next(fixture.Second.Calls, port));
    }

    [Fact]
    public async Task AnEmptySocketTellsOnceThatOctetsArrived()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint client, nint server) = fixture.Connect();
        nint port = Register(fixture.Second.Calls, server, 1);
        Assert.Equal((1, Write), Next(fixture.Second.Calls, port));
        fixture.Second.Calls.SetNonBlocking(server, true);
        Assert.Equal(SocketHost.Again, fixture.Second.Calls.Receive(server, new byte[4], 0, out _));
        fixture.First.Send(client, [1]);
        Assert.Equal((1, Read), Next(fixture.Second.Calls, port));
        Assert.Equal([1], fixture.Second.Receive(server));
        Assert.Equal(SocketHost.Again, fixture.Second.Calls.Receive(server, new byte[4], 0, out _));
        fixture.First.Calls.Shutdown(client, 1);
        Assert.Equal((1, Read | ReadClose), Next(fixture.Second.Calls, port));
    }

    [Fact]
    public async Task AListenerTellsOfArrivals()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        nint listener = fixture.Second.Listen();
        nint port = Register(fixture.Second.Calls, listener, 5);
        nint client = fixture.First.Open();
        SocketHost.Ok(fixture.First.Connect(client, "10.0.0.2", fixture.Second.PortOf(listener)));
        Assert.Equal((5, Read), Next(fixture.Second.Calls, port));
    }

    [Fact]
    public async Task AClosedSocketTellsNothingMore()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint first, _) = fixture.Connect();
        (nint second, _) = fixture.Connect();
        nint port = Register(fixture.First.Calls, first, 1);
        SocketHost.Ok(fixture.First.Calls.Register(port, second, true, 2));
        fixture.First.Calls.Close(first);
        Assert.Equal((2, Write), Next(fixture.First.Calls, port));
    }

    [Fact]
    public async Task ClosingThePortEndsItsWait()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost.Ok(fixture.First.Calls.CreateEventPort(out nint port));
        Task<int> waiting = Task.Run(() =>
        {
            fixture.First.Calls.WaitForEvents(port, new (nint, int)[4], out int count);
            return count;
        });
        fixture.First.Calls.CloseEventPort(port);
        Assert.Equal(0, await waiting);
    }

    [Fact]
    public async Task SelectLeavesWhoIsReady()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        (nint idle, _) = fixture.Connect();
        (nint busy, nint peer) = fixture.Connect();
        fixture.Second.Send(peer, [1]);
        int[] readable = [(int)idle, (int)busy];
        int[] writable = [(int)idle];
        fixture.First.Poll(busy, 1);
        SocketHost.Ok(fixture.First.Calls.Select(readable, writable, [], 10_000_000, out int ready));
        Assert.Equal(2, ready);
        Assert.Equal([0, (int)busy], readable);
        Assert.Equal([(int)idle], writable);
    }

    [Fact]
    public async Task PollOfNothingOpenIsInvalid()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        Assert.Equal(0x20, fixture.First.Poll(SocketHost.First + 9, 1));
    }

    private static nint Register(SocketCalls calls, nint socket, nint data)
    {
        SocketHost.Ok(calls.CreateEventPort(out nint port));
        SocketHost.Ok(calls.Register(port, socket, true, data));
        return port;
    }

    private static (nint Data, int Events) Next(SocketCalls calls, nint port)
    {
        var events = new (nint Data, int Events)[1];
        SocketHost.Ok(calls.WaitForEvents(port, events, out int count));
        Assert.Equal(1, count);
        return events[0];
    }
}
