using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Commands;
using Troupe.Tools.Networks;
using Troupe.Tools.Terminal;
using Troupe.Tools.Workspace;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>
/// <c>troupe test connections</c>: 10,000 connections at a time, each with a request every ten seconds; and 100,000 one after another, after which the
/// guest must be as it was.
/// </summary>
internal sealed class ConnectionRun(Image image, NetworkTestOptions options)
{
    private const int GuestMemory = 512;
    private const int AtATime = 10_000;
    private const int InARow = 100_000;
    private const int Addresses = 8;
    private const int Openers = 32;
    private const int Closers = 8;
    private const long Megabyte = 1 << 20;
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _held = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _answer = TimeSpan.FromSeconds(10);

    // TcpConfiguration.TimeWait, and as long again for a busy machine.
    private static readonly TimeSpan _settling = TimeSpan.FromSeconds(120);

    // What may be left of what was not there before: a report's own connection, and what the runtime keeps for the next burst.
    private const int MoreActors = 2;
    // Each report leaves one there, for a minute.
    private const int MoreInTimeWait = 45;
    private const int MoreFrames = 16;

    // The streams' pool keeps 16 MiB of blocks for the next connections; the rest is for the tables, which keep their size.
    private const long MoreHeap = 24 * Megabyte;
    private const long MoreResident = 64 * Megabyte;

    private readonly List<(string Name, string? Failure)> _results = [];

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        await PrivateNetwork.CreateTapAsync(GuestOnTap.Tap, $"{GuestOnTap.HostAddress}/{GuestOnTap.PrefixLength}", cancellation).ConfigureAwait(false);
        for (var index = 0; index < Addresses; index++)
        {
            await PrivateNetwork.MustAsync(cancellation, "ip", "address", "add", $"{Client(index)}/{GuestOnTap.PrefixLength}", "dev", GuestOnTap.Tap).ConfigureAwait(false);
        }

        await PrivateNetwork.MustAsync(cancellation, "sh", "-c", "echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range").ConfigureAwait(false);
        await PrivateNetwork.MustAsync(cancellation, "ip", "link", "set", GuestOnTap.Tap, "txqueuelen", "20000").ConfigureAwait(false);
        foreach (var processors in options.Processors)
        {
            await RunAsync($"{AtATime} at a time", processors, HoldAsync, cancellation).ConfigureAwait(false);
            await RunAsync($"{InARow} in a row", processors, OpenAndCloseAsync, cancellation).ConfigureAwait(false);
        }

        foreach (var (name, failure) in _results.Where(result => result.Failure is not null))
        {
            Console.WriteLine($"FAILED {name}: {failure}");
        }

        var failed = _results.Count(result => result.Failure is not null);
        Console.WriteLine($"{_results.Count - failed} passed, {failed} failed");
        return failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static IPAddress Client(int index) => new([10, 77, 1, (byte)(1 + (index % Addresses))]);

    private async Task RunAsync(string name, int processors, Func<GuestOnTap, CancellationToken, Task<string?>> test, CancellationToken cancellation)
    {
        if (options.Only is not null && !name.Contains(options.Only, StringComparison.Ordinal))
        {
            return;
        }

        name = $"{name}, {processors} processor(s)";
        using var guest = GuestOnTap.Boot(image, processors, GuestMemory);
        await guest.AnswersAsync(cancellation).ConfigureAwait(false);
        var start = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
        string? failure;
        try
        {
            failure = await test(guest, cancellation).ConfigureAwait(false);
            if (guest.IsAlive)
            {
                failure ??= await SettlesAsync(name, guest, start, cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is SocketException or IOException or UserError)
        {
            failure = exception.Message;
        }

        failure = guest.IsAlive ? failure : $"the guest ended.{guest.LastWords}";
        _results.Add((name, failure));
        Output.Say($"connections: {name}: {failure ?? "passed"}");
    }

    private async Task<string?> HoldAsync(GuestOnTap guest, CancellationToken cancellation)
    {
        var sockets = new Socket[AtATime];
        try
        {
            var clock = Stopwatch.StartNew();
            var next = -1;
            await Task.WhenAll(Enumerable.Range(0, Openers).Select(async _ =>
            {
                for (int index; (index = Interlocked.Increment(ref next)) < AtATime;)
                {
                    sockets[index] = await PrivateNetwork.ConnectAsync(new IPEndPoint(Client(index), 0), GuestOnTap.EndPoint, cancellation).ConfigureAwait(false);
                }
            })).ConfigureAwait(false);
            Output.Say($"connections: {AtATime} open after {clock.Elapsed.TotalSeconds:0.0} s");

            long asked = 0, late = 0, broken = 0, slowest = 0;
            clock.Restart();
            await Task.WhenAll(sockets.Select((socket, index) => Task.Run(
                async () =>
                {
                    // Spread evenly over the interval.
                    await Task.Delay(_interval * index / AtATime, cancellation).ConfigureAwait(false);
                    while (clock.Elapsed < _held)
                    {
                        var since = clock.Elapsed;
                        Interlocked.Increment(ref asked);
                        try
                        {
                            await HttpExchange.GetAsync(socket, "/", close: false, cancellation).ConfigureAwait(false);
                        }
                        catch (Exception exception) when (exception is SocketException or IOException)
                        {
                            Interlocked.Increment(ref broken);
                            return;
                        }

                        var took = clock.Elapsed - since;
                        Interlocked.Add(ref late, took > _answer ? 1 : 0);
                        InterlockedMaximum(ref slowest, (long)took.TotalMilliseconds);
                        if (took < _interval)
                        {
                            await Task.Delay(_interval - took, cancellation).ConfigureAwait(false);
                        }
                    }
                },
                cancellation))).ConfigureAwait(false);
            var report = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
            Output.Say(
                $"connections: {report["connections"]} held for {clock.Elapsed.TotalSeconds:0} s, {asked} requests, {broken} broken, {late} later than {_answer.TotalSeconds:0} s, the slowest {slowest} ms; " +
                $"actors {report["actors"]}, heap {report["heap-octets"] / Megabyte} MB, resident {report["resident-octets"] / Megabyte} of {report["memory-octets"] / Megabyte} MB");
            return broken + late > 0 ? $"of {asked} requests {broken} broke off and {late} were answered after {_answer.TotalSeconds:0} s"
                : report["connections"] < AtATime ? $"{report["connections"]} connections of {AtATime}" : null;
        }
        finally
        {
            foreach (var socket in sockets)
            {
                socket?.Dispose();
            }
        }
    }

    private static async Task<string?> OpenAndCloseAsync(GuestOnTap guest, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        int next = -1, failed = 0;
        await Task.WhenAll(Enumerable.Range(0, Closers).Select(async _ =>
        {
            for (int index; (index = Interlocked.Increment(ref next)) < InARow;)
            {
                // The guest closes, so TIME-WAIT is its own.
                if (await GuestOnTap.TryGetAsync("/", _answer, cancellation, Client(index).ToString()).ConfigureAwait(false) is null)
                {
                    Interlocked.Increment(ref failed);
                }

                if (index % (InARow / 10) == 0)
                {
                    Output.Say($"connections: {index} after {clock.Elapsed.TotalSeconds:0} s");
                }
            }
        })).ConfigureAwait(false);
        var report = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
        Output.Say($"connections: {InARow} in {clock.Elapsed.TotalSeconds:0} s; at the end {report["time-wait"]} in TIME-WAIT, heap {report["heap-octets"] / Megabyte} MB");
        return failed > 0 ? $"{failed} of {InARow} were not answered" : null;
    }

    private static async Task<string?> SettlesAsync(string name, GuestOnTap guest, GuestReport start, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        GuestReport now;
        string? failure;
        do
        {
            await Task.Delay(2000, cancellation).ConfigureAwait(false);
            now = await guest.ReportAsync(collect: true, cancellation).ConfigureAwait(false);
            string? More(string what, long most) => now[what] > start[what] + most ? $"{what}: {start[what]} before, {now[what]} after" : null;
            failure = More("actors", MoreActors) ?? More("connections", 0) ?? More("time-wait", MoreInTimeWait) ?? More("frames-rented", MoreFrames)
                ?? More("heap-octets", MoreHeap) ?? More("resident-octets", MoreResident);
        }
        while (failure is not null && clock.Elapsed < _settling);
        Output.Say(
            $"connections: {name}, {clock.Elapsed.TotalSeconds:0} s afterwards: actors {start["actors"]} -> {now["actors"]}, connections {start["connections"]} -> {now["connections"]}, " +
            $"TIME-WAIT {start["time-wait"]} -> {now["time-wait"]}, frames rented {start["frames-rented"]} -> {now["frames-rented"]}, heap {start["heap-octets"] / 1024} -> {now["heap-octets"] / 1024} KB, " +
            $"resident {start["resident-octets"] / Megabyte} -> {now["resident-octets"] / Megabyte} MB");
        return failure;
    }

    private static void InterlockedMaximum(ref long location, long value)
    {
        for (var known = Volatile.Read(ref location); value > known;)
        {
            var seen = Interlocked.CompareExchange(ref location, value, known);
            if (seen == known)
            {
                return;
            }

            known = seen;
        }
    }
}
