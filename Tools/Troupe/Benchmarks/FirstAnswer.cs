using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Guests;

namespace Troupe.Tools.Benchmarks;

/// <summary>Waits for a guest's first complete HTTP 200. A new connection is opened every 5 ms and given up after 50 ms, whatever
/// became of those before it: QEMU's user network accepts long before the guest does, and loses what comes too early.</summary>
public static class FirstAnswer
{
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _perProbe = TimeSpan.FromMilliseconds(50);
    private static readonly byte[] _request = "GET / HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n"u8.ToArray();

    /// <summary>Starts a guest and leaves it running.</summary>
    /// <returns>The guest, the port of this host that leads to it, and the time from the start of QEMU to its first answer;
    /// null if it ended or did not answer within <paramref name="longest"/>.</returns>
    public static async Task<(GuestProcess Guest, int Port, TimeSpan? Time)> StartAsync(
        GuestOptions options, TimeSpan longest, Action<string> onSerialLine, CancellationToken cancellation)
    {
        var port = FreePort();
        var answered = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = new PeriodicTimer(_between);
        var clock = Stopwatch.StartNew();
        var guest = GuestProcess.Start(options with { Forwards = [new PortForward(port, Contestant.GuestPort)] }, onSerialLine);
        try
        {
            while (!answered.Task.IsCompleted && !guest.Exit.IsCompleted && clock.Elapsed < longest)
            {
                _ = ProbeAsync(port, clock, answered);
                await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false);
            }
        }
        catch
        {
            guest.Dispose();
            throw;
        }

        return (guest, port, answered.Task.IsCompleted ? await answered.Task.ConfigureAwait(false) : null);
    }

    /// <summary>Starts a guest, takes the time of its first answer, and ends it.</summary>
    public static async Task<TimeSpan?> MeasureAsync(GuestOptions options, TimeSpan longest, CancellationToken cancellation)
    {
        var (guest, _, time) = await StartAsync(options, longest, _ => { }, cancellation).ConfigureAwait(false);
        guest.Dispose();
        return time;
    }

    private static async Task ProbeAsync(int port, Stopwatch clock, TaskCompletionSource<TimeSpan> answered)
    {
        using var limit = new CancellationTokenSource(_perProbe);
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token).ConfigureAwait(false);
            await socket.SendAsync(_request, limit.Token).ConfigureAwait(false);
            var answer = new byte[1024];
            var length = 0;
            int count;
            // The server closes after its answer: complete is what has an end.
            while (length < answer.Length && (count = await socket.ReceiveAsync(answer.AsMemory(length), limit.Token).ConfigureAwait(false)) > 0)
            {
                length += count;
            }

            if (answer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8))
            {
                answered.TrySetResult(clock.Elapsed);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // Not yet.
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
