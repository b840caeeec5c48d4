using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Guests;

namespace Troupe.Tools.Tests;

public sealed class TcpForwarderTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    /// <summary>As QEMU listens. Without the forwarder a burst like this takes 7 s and more: lost SYNs are sent again after 1, 3 and 7 s.</summary>
    [Fact]
    public async Task ABurstOfConnectionsPassesABacklogOfOne()
    {
        using var limit = new CancellationTokenSource(_patience);
        using var guest = Listener();
        using var forwarder = Forward(guest, out var address);
        _ = EchoAsync(guest, TimeSpan.FromMilliseconds(3), limit.Token);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async number =>
        {
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(address, limit.Token);
            await client.SendAsync(new[] { (byte)number }, limit.Token);
            var reply = new byte[1];
            Assert.Equal(1, await client.ReceiveAsync(reply, limit.Token));
            Assert.Equal(number, reply[0]);
        }));
    }

    [Fact]
    public async Task OneDirectionMayEndBeforeTheOther()
    {
        using var limit = new CancellationTokenSource(_patience);
        using var guest = Listener();
        using var forwarder = Forward(guest, out var address);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(address, limit.Token);
        using var accepted = await guest.AcceptAsync(limit.Token);
        client.Shutdown(SocketShutdown.Send);
        var buffer = new byte[16];
        Assert.Equal(0, await accepted.ReceiveAsync(buffer, limit.Token));
        await accepted.SendAsync(new byte[] { 1, 2, 3 }, limit.Token);
        accepted.Shutdown(SocketShutdown.Send);
        Assert.Equal(3, await client.ReceiveAsync(buffer, limit.Token));
        Assert.Equal(0, await client.ReceiveAsync(buffer, limit.Token));
    }

    [Fact]
    public async Task AResetIsPassedOn()
    {
        using var limit = new CancellationTokenSource(_patience);
        using var guest = Listener();
        using var forwarder = Forward(guest, out var address);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(address, limit.Token);
        using (var accepted = await guest.AcceptAsync(limit.Token))
        {
            accepted.LingerState = new LingerOption(true, 0);
        }

        var error = await Assert.ThrowsAsync<SocketException>(async () => await client.ReceiveAsync(new byte[1], limit.Token));
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    [Fact]
    public async Task NobodyBehindItIsAReset()
    {
        using var limit = new CancellationTokenSource(_patience);
        using var guest = Listener();
        using var forwarder = Forward(guest, out var address);
        guest.Dispose();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        // On a busy host the reset is there before this process hears of the connection.
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            await client.ConnectAsync(address, limit.Token);
            await client.ReceiveAsync(new byte[1], limit.Token);
        });
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    private static Socket Listener()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        return listener;
    }

    private static TcpForwarder Forward(Socket guest, out EndPoint address)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(TcpForwarder.Backlog);
        address = listener.LocalEndPoint!;
        return TcpForwarder.Start(listener, ((IPEndPoint)guest.LocalEndPoint!).Port);
    }

    /// <summary>Accepts no faster than once in a while, and sends the first bytes of every connection back.</summary>
    private static async Task EchoAsync(Socket listener, TimeSpan pause, CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(pause, cancellation);
            var accepted = await listener.AcceptAsync(cancellation);
            _ = EchoOnceAsync(accepted, cancellation);
        }
    }

    private static async Task EchoOnceAsync(Socket accepted, CancellationToken cancellation)
    {
        using (accepted)
        {
            var buffer = new byte[16];
            var count = await accepted.ReceiveAsync(buffer, cancellation);
            await accepted.SendAsync(buffer.AsMemory(0, count), cancellation);
        }
    }
}
