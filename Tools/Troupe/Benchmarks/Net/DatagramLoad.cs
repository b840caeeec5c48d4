using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Benchmarks.Net;

/// <summary>How a guest answered datagrams.</summary>
/// <param name="PerSecond">Answers a second: so many datagrams went each way.</param>
/// <param name="Median">Microseconds to an answer.</param>
/// <param name="Percentile99">Microseconds that 99 of 100 answers did not exceed.</param>
/// <param name="Lost">Datagrams that were given up.</param>
public sealed record DatagramResult(double PerSecond, double Median, double Percentile99, long Lost)
{
    /// <summary>The line that <see cref="TryParse"/> reads.</summary>
    public string Line => string.Create(CultureInfo.InvariantCulture, $"{PerSecond:0.0} {Median:0.0} {Percentile99:0.0} {Lost}");

    /// <summary>Reads a <see cref="Line"/>.</summary>
    public static bool TryParse(string line, [NotNullWhen(true)] out DatagramResult? result)
    {
        ArgumentNullException.ThrowIfNull(line);
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        result = words.Length == 4
            && double.TryParse(words[0], CultureInfo.InvariantCulture, out var rate)
            && double.TryParse(words[1], CultureInfo.InvariantCulture, out var median)
            && double.TryParse(words[2], CultureInfo.InvariantCulture, out var percentile)
            && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var lost)
            ? new DatagramResult(rate, median, percentile, lost)
            : null;
        return result is not null;
    }
}

/// <summary>The client of Apps/Benchmark's datagrams: small ones, a number of them on their way. Runs inside the namespace.</summary>
internal static class DatagramLoad
{
    private const int Length = 64;

    // Both guests answer within milliseconds, or not at all.
    private const int PatienceMilliseconds = 200;

    private static readonly TimeSpan _warmUp = TimeSpan.FromMilliseconds(500);

    /// <summary>Keeps <paramref name="window"/> datagrams on their way for some seconds, after half a one in which nothing counts.</summary>
    public static DatagramResult Run(string host, int port, int window, TimeSpan time)
    {
        using var socket = new Socket(SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = PatienceMilliseconds };
        socket.Connect(host, port);
        var datagram = new byte[Length];
        var times = new List<long>();
        long generation = 0, lost = 0;
        var underWay = 0;
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < _warmUp + time)
        {
            for (; underWay < window; underWay++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(datagram, generation);
                BinaryPrimitives.WriteInt64LittleEndian(datagram.AsSpan(sizeof(long)), Stopwatch.GetTimestamp());
                socket.Send(datagram);
            }

            if (!TryReceive(socket, datagram))
            {
                // Given up, all of them: what still comes is of an earlier generation.
                lost += clock.Elapsed >= _warmUp ? underWay : 0;
                (underWay, generation) = (0, generation + 1);
            }
            else if (BinaryPrimitives.ReadInt64LittleEndian(datagram) == generation)
            {
                underWay--;
                if (clock.Elapsed >= _warmUp)
                {
                    times.Add(Stopwatch.GetTimestamp() - BinaryPrimitives.ReadInt64LittleEndian(datagram.AsSpan(sizeof(long))));
                }
            }
        }

        if (times.Count == 0)
        {
            throw new UserError($"no datagram came back from {host}:{port}.", exitCode: ExitCodes.Failure);
        }

        times.Sort();
        double Microseconds(double part) => Stopwatch.GetElapsedTime(0, times[Math.Max(0, (int)Math.Ceiling(times.Count * part) - 1)]).TotalMicroseconds;
        return new DatagramResult(times.Count / (clock.Elapsed - _warmUp).TotalSeconds, Microseconds(0.5), Microseconds(0.99), lost);
    }

    private static bool TryReceive(Socket socket, byte[] datagram)
    {
        try
        {
            return socket.Receive(datagram) == Length;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return false;
        }
        catch (SocketException exception)
        {
            throw new UserError($"no datagram came back: {exception.Message}", exitCode: ExitCodes.Failure);
        }
    }
}
