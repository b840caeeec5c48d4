using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Troupe.Tools.Guests;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Benchmarks;

/// <summary>Time from the start of QEMU to the first HTTP 200, each guest in turn so that the host's moods hit all alike.
/// The probe opens a new connection every 5 ms: the user network of QEMU accepts before the guest does, and loses what comes too early.</summary>
public sealed class BootBenchmark(Repository repository)
{
    private const int GuestPort = 8080;
    private static readonly TimeSpan _between = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan _perProbe = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _longest = TimeSpan.FromSeconds(30);

    /// <summary>Runs and prints the table of medians.</summary>
    public async Task RunAsync(App app, int rounds, CancellationToken cancellation)
    {
        var image = await new ImageBuild(repository).EnsureAsync(app, force: false, cancellation).ConfigureAwait(false);
        (string Name, GuestOptions Options)[] guests =
        [
            ("q35, 1 processor", Options(image, GuestMachine.Q35, 1)),
            ("q35, 2 processors", Options(image, GuestMachine.Q35, 2)),
            ("microvm, 1 processor", Options(image, GuestMachine.MicroVm, 1)),
            ("microvm, 2 processors", Options(image, GuestMachine.MicroVm, 2)),
        ];
        var times = guests.ToDictionary(guest => guest.Name, _ => new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, options) in guests)
            {
                times[name].Add(await MeasureAsync(options, cancellation).ConfigureAwait(false));
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{app.Name}: {new FileInfo(image.Elf).Length / 1e6:0.00} MB stripped; QEMU start to first HTTP 200, {rounds} rounds"));
        Output.Table(["guest", "median", "fastest", "slowest"], times.Select(pair => (IReadOnlyList<string>)
            [pair.Key, Milliseconds(Median(pair.Value)), Milliseconds(pair.Value.Min()), Milliseconds(pair.Value.Max())]));
    }

    private static GuestOptions Options(Image image, GuestMachine machine, int processors) =>
        new() { Image = image.Elf, Machine = machine, Processors = processors };

    private static async Task<double> MeasureAsync(GuestOptions options, CancellationToken cancellation)
    {
        var port = FreePort();
        var clock = Stopwatch.StartNew();
        using var guest = GuestProcess.Start(options with { Forwards = [new PortForward(port, GuestPort)] }, _ => { });
        while (clock.Elapsed < _longest)
        {
            cancellation.ThrowIfCancellationRequested();
            if (guest.Exit.IsCompleted)
            {
                throw new UserError($"the guest ended before it answered: {guest.Exit.Result.Reason ?? $"exit code {guest.Exit.Result.Code}"}", exitCode: ExitCodes.Failure);
            }

            if (await AnswersAsync(port).ConfigureAwait(false))
            {
                return clock.Elapsed.TotalMilliseconds;
            }

            await Task.Delay(_between, cancellation).ConfigureAwait(false);
        }

        throw new UserError($"the guest did not answer within {_longest.TotalSeconds} s.", exitCode: ExitCodes.Failure);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        using var limit = new CancellationTokenSource(_perProbe);
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token).ConfigureAwait(false);
            await socket.SendAsync("GET / HTTP/1.1\r\nHost: guest\r\nConnection: close\r\n\r\n"u8.ToArray(), limit.Token).ConfigureAwait(false);
            var buffer = new byte[64];
            var count = await socket.ReceiveAsync(buffer, limit.Token).ConfigureAwait(false);
            return Encoding.ASCII.GetString(buffer, 0, count).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // Not yet.
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Milliseconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0} ms");
}
