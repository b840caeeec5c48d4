using System.Diagnostics;
using System.IO.Pipelines;
using Troupe.Actors.TestKit;
using Troupe.Net.Contracts;

namespace Troupe.Verification.Simulator;

/// <summary>
/// Whole hosts on a simulated network, in virtual time, in an order that follows from one seed. While faults last everybody transfers octets; when they have stopped
/// everything must finish.
/// </summary>
public sealed class Simulation
{
    private const ushort Port = 80;
    private const int Kept = 60;

    /// <summary>A transfer takes some thousands; with so many something goes round in circles.</summary>
    private const long MostSteps = 3_000_000;
    private static readonly TimeSpan _check = TimeSpan.FromMilliseconds(500);
    private static readonly TcpApplicationOptions _inTurns = new() { RunsInTurns = true };

    private readonly SimulationOptions _options;
    private readonly DeterministicHost _host;
    private readonly FaultPlan _plan;
    private readonly SimulatedNetwork _network;
    private readonly SimulatedHost[] _hosts;
    private readonly Queue<string> _trace = new();
    private readonly int _seed;
    private Exception? _violation;
    private (TimeSpan Time, long Steps, ulong Fingerprint) _finished;

    private Simulation(int seed, SimulationOptions options)
    {
        _seed = seed;
        _options = options;
        _host = new(seed) { MaximumSteps = MostSteps };
        _plan = new(seed, options);
        _network = new(_host, _plan, seed, Trace);
        _hosts = [.. Enumerable.Range(0, options.Hosts).Select(port => new SimulatedHost(port, _host, _plan, _network, options, seed, Trace))];
    }

    /// <summary>Runs one seed.</summary>
    public static SimulationReport Run(int seed, SimulationOptions? options = null)
    {
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Hosts, 2, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Hosts, 16, nameof(options));
        Simulation simulation = new(seed, options);
        Stopwatch watch = Stopwatch.StartNew();
        string? failure = null;
        try
        {
            simulation._host.Run(simulation.RunAsync);
            // A system's end leaves this thread, so what follows is no part of what replays.
            simulation._finished = simulation.Where;
            foreach (SimulatedHost host in simulation._hosts)
                simulation._host.Dispose(host.System);
            foreach (SimulatedHost host in simulation._hosts)
                host.CheckNothingLeaked();
        }
        catch (Exception exception)
        {
            failure = Describe(simulation._violation ?? exception, simulation);
        }

        (TimeSpan time, long steps, ulong fingerprint) = simulation._finished == default ? simulation.Where : simulation._finished;
        return new(
            seed, simulation._plan.Kinds, failure, fingerprint, steps, time, watch.Elapsed, simulation._plan.End, simulation._plan.Injected, [.. simulation._trace]);
    }

    private (TimeSpan Time, long Steps, ulong Fingerprint) Where => (_host.Time.Elapsed, _host.Steps, _host.Fingerprint ^ _network.Fingerprint);

    private static string Describe(Exception exception, Simulation simulation) => exception switch
    {
        InvariantException => exception.Message,
        TimeoutException => $"Stuck: it is not over {simulation._options.Patience} after faults stopped. {exception.Message}",
        NoProgressException => $"Stuck: {exception.Message}\n{string.Join('\n', simulation._host.LastSteps)}",
        _ => exception.ToString(),
    };

    private async Task RunAsync()
    {
        _network.Begin(_hosts);
        foreach (SimulatedHost host in _hosts)
            await host.StartAsync();
        List<Task> suffering = [.. _hosts.Select(static host => host.SufferAsync())];
        Task healing = HealAsync();
        List<Task> transfers = [];
        for (int sender = 0; sender < (_hosts.Length == 2 ? 1 : _hosts.Length); sender++)
            transfers.Add(TransferAsync(_hosts[sender], _hosts[(sender + 1) % _hosts.Length], sender));
        Task all = Task.WhenAll(transfers);
        TimeSpan limit = _plan.End + _options.Patience;
        while (!all.IsCompleted && _host.Time.Elapsed < limit)
        {
            await Task.WhenAny(all, Task.Delay(_check, _host.Time));
            foreach (SimulatedHost host in _hosts)
                host.CheckAlways();
            if (_violation is not null)
                throw _violation;
        }

        if (!all.IsCompleted)
            throw new TimeoutException(await StateAsync());
        await all;
        await Task.WhenAll(suffering);
        await healing;
        // What is still on its way arrives.
        while (_network.InTransit > 0)
            await Task.Delay(TimeSpan.FromSeconds(1), _host.Time);
        await _host.WhenIdle();
        foreach (SimulatedHost host in _hosts)
        {
            host.CheckAlways();
            await host.CheckCountersAsync();
        }
    }

    private async Task HealAsync()
    {
        TimeSpan wait = _plan.End - _host.Time.Elapsed;
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, _host.Time);
        _plan.Stop();
        _network.Heal();
        foreach (SimulatedHost host in _hosts)
            host.Recover();
        Trace("faults stop");
    }

    // One way so many octets, the other way some, at the same time; then both close.
    private async Task TransferAsync(SimulatedHost from, SimulatedHost to, int number)
    {
        Random random = new(_seed * 17 + number);
        TcpListener listener = await to.Stack.ListenAsync((ushort)(Port + number), _inTurns) ?? throw new InvariantException("The port is taken.");
        ValueTask<TcpConnection?> accepting = listener.AcceptAsync();
        TcpConnection client = await from.Stack.ConnectAsync(new(to.Address, (ushort)(Port + number)), _inTurns);
        TcpConnection server = await accepting ?? throw new InvariantException("The listener closed.");
        await listener.DisposeAsync();
        byte[] up = new byte[_options.Octets];
        random.NextBytes(up);
        byte[] down = new byte[random.Next(_options.Octets / 4)];
        random.NextBytes(down);
        await Task.WhenAll(
            NotedAsync(SendAsync(client, up, random)), NotedAsync(SendAsync(server, down, random)), NotedAsync(ReceiveAsync(server, up)), NotedAsync(ReceiveAsync(client, down)));
        foreach (TcpConnection connection in new[] { client, server })
        {
            if (await connection.Completion is var reason and not TcpCloseReason.Closed)
                throw new InvariantException($"The connection ended by {reason}.");
        }
    }

    // The first that fails ends everything; the others may wait for ever.
    private async Task NotedAsync(Task part)
    {
        try
        {
            await part;
        }
        catch (Exception exception)
        {
            _violation ??= exception;
            throw;
        }
    }

    private static async Task SendAsync(TcpConnection connection, byte[] octets, Random random)
    {
        for (int sent = 0; sent < octets.Length;)
        {
            int length = Math.Min(octets.Length - sent, 1 + random.Next(30_000));
            await connection.Output.WriteAsync(octets.AsMemory(sent, length));
            sent += length;
        }

        connection.Output.Complete();
    }

    private async Task ReceiveAsync(TcpConnection connection, byte[] expected)
    {
        int received = 0;
        while (true)
        {
            ReadResult result = await connection.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> part in result.Buffer)
            {
                if (received + part.Length > expected.Length || !part.Span.SequenceEqual(expected.AsSpan(received, part.Length)))
                    throw new InvariantException($"What arrived at {received} of {expected.Length} octets is not what was sent.");
                received += part.Length;
            }

            connection.Input.AdvanceTo(result.Buffer.End);
            if (!result.IsCompleted)
                continue;
            if (received != expected.Length)
                throw new InvariantException($"The stream ended after {received} of {expected.Length} octets.");
            connection.Input.Complete();
            return;
        }
    }

    private async Task<string> StateAsync()
    {
        List<string> lines = [];
        foreach (SimulatedHost host in _hosts)
        {
            try
            {
                foreach (TcpConnectionStatus status in await host.Stack.ListConnectionsAsync())
                    lines.Add($"host {host.Port}: {status}");
                lines.AddRange(host.Stack.Counters.Where(static counters => counters.Received + counters.Sent > 0).Select(counters => $"host {host.Port}: {counters}"));
                lines.Add($"host {host.Port}: {await host.Driver.AskAsync<Drivers.Contracts.NetworkDeviceStatistics>(Drivers.Contracts.NetworkDeviceMessage.GetStatistics)}");
            }
            catch (Exception exception)
            {
                lines.Add($"host {host.Port} does not answer: {exception.Message}");
            }
        }

        return string.Join("\n", lines);
    }

    private void Trace(string what)
    {
        if (_trace.Count == Kept)
            _trace.Dequeue();
        _trace.Enqueue($"{_host.Time.Elapsed.TotalSeconds,12:F6} {what}");
    }
}
