using System.Net.Sockets;
using System.Text;

namespace Troupe.Net.Tests.Sockets;

/// <summary>Unix domain sockets by their calls.</summary>
public sealed class UnixSocketTests
{
    private const int Input = 1;
    private const int Output = 4;
    private const int HangUp = 16;
    private const int NoEntry = 0x1002D;
    private const int Refused = 0x1000E;
    private const int AddressInUse = 0x10003;
    private const int Reset = 0x1000F;
    private const int BrokenPipe = 0x10043;

    [Theory]
    [InlineData("\0a")]
    [InlineData("/run/a.sock")]
    public async Task OctetsTravelBothWays(string name)
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        (nint client, nint server) = Connect(host, name);
        host.Send(client, "hello"u8);
        Assert.Equal("hello"u8.ToArray(), host.Receive(server));
        host.Send(server, "world"u8);
        Assert.Equal("world"u8.ToArray(), host.Receive(client));
        byte[] address = new byte[110];
        SocketHost.Ok(host.Calls.GetRemoteAddress(client, address, out int length));
        Assert.Equal(Address(name).Length + (name[0] == '\0' ? 0 : 1), length);
        SocketHost.Ok(host.Calls.GetRemoteAddress(server, address, out length));
        Assert.Equal(2, length);
    }

    [Fact]
    public async Task ANameIsTakenWhileItsSocketIsOpen()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        nint first = Open(host);
        Assert.Equal(NoEntry, host.Calls.Connect(Open(host), Address("/a")));
        Assert.Equal(Refused, host.Calls.Connect(Open(host), Address("\0a")));
        SocketHost.Ok(host.Calls.Bind(first, Address("/a")));
        Assert.Equal(AddressInUse, host.Calls.Bind(Open(host), Address("/a")));
        Assert.Equal(Refused, host.Calls.Connect(Open(host), Address("/a")));
        SocketHost.Ok(host.Calls.Close(first));
        SocketHost.Ok(host.Calls.Bind(Open(host), Address("/a")));
    }

    [Fact]
    public async Task AHalfThatIsShutDownReadsAsTheEndAndTheOtherGoesOn()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        (nint client, nint server) = Connect(host, "\0a");
        host.Send(client, [1]);
        SocketHost.Ok(host.Calls.Shutdown(client, 1));
        Assert.Equal([1], host.Receive(server));
        Assert.Empty(host.Receive(server));
        host.Send(server, [2, 3]);
        Assert.Equal([2, 3], host.Receive(client));
        Assert.Equal(BrokenPipe, host.Calls.Send(client, [4], 0, out _));
    }

    [Fact]
    public async Task APeerThatClosesIsTheEndAndABrokenPipe()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        (nint client, nint server) = Connect(host, "\0a");
        host.Send(client, [1, 2]);
        SocketHost.Ok(host.Calls.Close(client));
        Assert.Equal(Input | HangUp, host.Poll(server, Input) & (Input | HangUp));
        Assert.Equal([1, 2], host.Receive(server));
        Assert.Empty(host.Receive(server));
        Assert.Equal(BrokenPipe, host.Calls.Send(server, [1], 0, out _));
    }

    [Fact]
    public async Task ACloseWithOctetsUnreadResetsThePeer()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        (nint client, nint server) = Connect(host, "\0a");
        host.Send(client, [1, 2]);
        host.Send(server, [3]);
        SocketHost.Ok(host.Calls.Close(server));
        // What the peer had sent before is still given out.
        Assert.Equal([3], host.Receive(client));
        Assert.Equal(Reset, host.Calls.Receive(client, new byte[4], 0, out _));
    }

    [Fact]
    public async Task AFullQueueHoldsTheSenderUpUntilThePeerReads()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        (nint client, nint server) = Connect(host, "\0a");
        byte[] sent = [.. Enumerable.Range(0, 1_000_000).Select(static index => (byte)(index * 13))];
        host.Calls.SetNonBlocking(client, true);
        SocketHost.Ok(host.Calls.Send(client, sent, 0, out int taken));
        Assert.InRange(taken, 1, sent.Length - 1);
        Assert.Equal(SocketHost.Again, host.Calls.Send(client, sent, 0, out _));
        Assert.Equal(0, host.Poll(client, Output, milliseconds: 0));
        host.Calls.SetNonBlocking(client, false);
        Task<int> sending = Task.Run(() => host.Send(client, sent.AsSpan(taken)));
        byte[] got = new byte[sent.Length];
        for (int filled = 0; filled < got.Length;)
        {
            SocketHost.Ok(host.Calls.Receive(server, got.AsSpan(filled), 0, out int received));
            filled += received;
        }

        Assert.Equal(sent.Length - taken, await sending);
        Assert.Equal(sent, got);
        Assert.Equal(Output, host.Poll(client, Output));
    }

    [Fact]
    public async Task AFullBacklogHoldsTheNextUpUntilOneIsAccepted()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        nint listener = Listen(host, "\0a", backlog: 0);
        SocketHost.Ok(host.Calls.Connect(Open(host), Address("\0a")));
        nint second = Open(host);
        host.Calls.SetNonBlocking(second, true);
        Assert.Equal(SocketHost.Again, host.Calls.Connect(second, Address("\0a")));
        host.Calls.SetNonBlocking(second, false);
        Task<int> connecting = Task.Run(() => host.Calls.Connect(second, Address("\0a")));
        host.Accept(listener);
        Assert.Equal(0, await connecting);
        host.Accept(listener);
    }

    [Fact]
    public async Task WhoWasNeverAcceptedIsReset()
    {
        await using SocketFixture fixture = await SocketFixture.StartAsync();
        SocketHost host = fixture.First;
        nint listener = Listen(host, "\0a");
        nint client = Open(host);
        SocketHost.Ok(host.Calls.Connect(client, Address("\0a")));
        SocketHost.Ok(host.Calls.Close(listener));
        Assert.Equal(Reset, host.Calls.Receive(client, new byte[4], 0, out _));
    }

    private static nint Open(SocketHost host) => host.Open(SocketType.Stream, AddressFamily.Unix);

    private static nint Listen(SocketHost host, string name, int backlog = 10)
    {
        nint listener = Open(host);
        SocketHost.Ok(host.Calls.Bind(listener, Address(name)));
        SocketHost.Ok(host.Calls.Listen(listener, backlog));
        return listener;
    }

    private static (nint Client, nint Server) Connect(SocketHost host, string name)
    {
        nint listener = Listen(host, name);
        nint client = Open(host);
        SocketHost.Ok(host.Calls.Connect(client, Address(name)));
        return (client, host.Accept(listener));
    }

    private static byte[] Address(string name) => [1, 0, .. Encoding.Latin1.GetBytes(name)];
}
