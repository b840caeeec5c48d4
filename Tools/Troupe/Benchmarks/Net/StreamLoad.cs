using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Net;

/// <summary>The client of Apps/Benchmark's ByteStreams: one connection for some seconds. Runs inside the namespace.</summary>
internal static class StreamLoad
{
    private const int Chunk = 256 * 1024;
    private const int Question = 64;

    /// <summary>What one can ask for.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["send", "receive", "echo"];

    /// <summary>Bytes a second that the guest sent or received, or questions a second that it answered.</summary>
    public static async Task<double> RunAsync(string host, int port, string kind, TimeSpan time, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(time + TimeSpan.FromSeconds(10));
        try
        {
            using var client = new TcpClient { NoDelay = true };
            await client.ConnectAsync(host, port, limit.Token).ConfigureAwait(false);
            var stream = client.GetStream();
            return kind switch
            {
                "send" => await GuestSendsAsync(stream, time, limit.Token).ConfigureAwait(false),
                "receive" => await GuestReceivesAsync(client, stream, time, limit.Token).ConfigureAwait(false),
                _ => await GuestAnswersAsync(stream, time, limit.Token).ConfigureAwait(false),
            };
        }
        catch (Exception exception) when (exception is IOException or SocketException || (exception is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new UserError($"the stream broke: {exception.Message}", exitCode: ExitCodes.Failure);
        }
    }

    private static async Task<double> GuestSendsAsync(NetworkStream stream, TimeSpan time, CancellationToken cancellation)
    {
        await stream.WriteAsync("s"u8.ToArray(), cancellation).ConfigureAwait(false);
        var buffer = new byte[Chunk];
        long count = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < time)
        {
            var read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            if (read == 0)
            {
                throw new IOException("the guest closed it");
            }

            count += read;
        }

        return count / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> GuestReceivesAsync(TcpClient client, NetworkStream stream, TimeSpan time, CancellationToken cancellation)
    {
        await stream.WriteAsync("r"u8.ToArray(), cancellation).ConfigureAwait(false);
        var buffer = new byte[Chunk];
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < time)
        {
            await stream.WriteAsync(buffer, cancellation).ConfigureAwait(false);
        }

        client.Client.Shutdown(SocketShutdown.Send);
        // What still lies in buffers counts, and so does the time it takes.
        var answer = new byte[sizeof(long)];
        await stream.ReadExactlyAsync(answer, cancellation).ConfigureAwait(false);
        return BinaryPrimitives.ReadInt64LittleEndian(answer) / clock.Elapsed.TotalSeconds;
    }

    private static async Task<double> GuestAnswersAsync(NetworkStream stream, TimeSpan time, CancellationToken cancellation)
    {
        await stream.WriteAsync("e"u8.ToArray(), cancellation).ConfigureAwait(false);
        var buffer = new byte[Question];
        long count = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < time)
        {
            await stream.WriteAsync(buffer, cancellation).ConfigureAwait(false);
            await stream.ReadExactlyAsync(buffer, cancellation).ConfigureAwait(false);
            count++;
        }

        return count / clock.Elapsed.TotalSeconds;
    }
}
