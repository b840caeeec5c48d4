using System.Net;
using System.Net.Sockets;

namespace Troupe.Tools.Guests;

/// <summary>
/// Stands between a host port and QEMU's user network, whose own forwarding listens with a backlog of one: of a burst of
/// connections it loses most, and each loser's host tries again only after 1, 3, 7 and more seconds. Here the burst waits in a
/// backlog of its own and goes on to QEMU one at a time.
/// </summary>
public sealed class TcpForwarder : IDisposable
{
    /// <summary>How many connections may wait.</summary>
    public const int Backlog = 1024;

    private const int BufferSize = 32 * 1024;

    /// <summary>Over loopback a connection is there at once or not until a retransmission a second later: QEMU's backlog was full.</summary>
    private static readonly TimeSpan _shortestTry = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan _longestTry = TimeSpan.FromMilliseconds(100);

    private readonly Socket _listener;
    private readonly IPEndPoint _guest;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _connecting = new(1);

    private TcpForwarder(Socket listener, IPEndPoint guest)
    {
        _listener = listener;
        _guest = guest;
        _ = AcceptAsync();
    }

    /// <summary>Starts to relay every connection of a listening socket to a port of this host's loopback address.</summary>
    /// <param name="listener">Owned from now on.</param>
    /// <param name="port">The port that QEMU forwards to the guest.</param>
    public static TcpForwarder Start(Socket listener, int port)
    {
        ArgumentNullException.ThrowIfNull(listener);
        return new TcpForwarder(listener, new IPEndPoint(IPAddress.Loopback, port));
    }

    /// <summary>Ends every connection.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_ending.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The client is gone already, or this process is out of descriptors until another connection ends.
                await Task.Delay(_longestTry).ConfigureAwait(false);
                continue;
            }

            _ = RelayAsync(client);
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var _ = client;
        try
        {
            using var guest = await ConnectAsync().ConfigureAwait(false);
            client.NoDelay = true;
            guest.NoDelay = true;
            using var broken = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
            await Task.WhenAll(PumpAsync(client, guest, broken), PumpAsync(guest, client, broken)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // One side is gone: the other hears of it by a reset (closing alone would say that all went well).
            client.LingerState = new LingerOption(true, 0);
        }
    }

    /// <summary>Connects to QEMU, one connection at a time: two at once could both find the last place of the backlog free.</summary>
    private async Task<Socket> ConnectAsync()
    {
        await _connecting.WaitAsync(_ending.Token).ConfigureAwait(false);
        try
        {
            for (var patience = _shortestTry; ; patience = patience * 2 < _longestTry ? patience * 2 : _longestTry)
            {
                if (await TryConnectAsync(patience).ConfigureAwait(false) is { } connected)
                {
                    return connected;
                }
            }
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <summary>
    /// Null: QEMU's backlog was full. A connection is given up only if the kernel does not have it: when this process gets little of a
    /// busy host, patience ends before the news of a connection that has long been there, and QEMU would hand the guest a dead one.
    /// </summary>
    private async Task<Socket?> TryConnectAsync(TimeSpan patience)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            var connecting = socket.ConnectAsync(_guest, _ending.Token).AsTask();
            await Task.WhenAny([connecting, Task.Delay(patience, _ending.Token)]).ConfigureAwait(false);
            if (connecting.IsCompleted || socket.Poll(TimeSpan.Zero, SelectMode.SelectWrite))
            {
                await connecting.ConfigureAwait(false);
                return socket;
            }

            socket.Dispose();
            await connecting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ending.Token.ThrowIfCancellationRequested();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Carries one direction until its end, which is passed on alone: the other direction may go on for as long as it likes.</summary>
    private static async Task PumpAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        var buffer = new byte[BufferSize];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, broken.Token).ConfigureAwait(false)) > 0)
            {
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), broken.Token).ConfigureAwait(false);
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            await broken.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }
}
