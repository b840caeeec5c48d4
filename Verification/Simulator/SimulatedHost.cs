using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Verification.Simulator;

/// <summary>One machine: a system of actors of its own, the virtio-net driver on a simulated device, and the stack above it.</summary>
internal sealed class SimulatedHost : IRandomness
{
    // A restart that keeps failing is given up; so many the plan may bring about.
    private const int MostCrashes = 2;

    private readonly DeterministicHost _host;
    private readonly FaultPlan _plan;
    private readonly Random _random;
    private readonly Action<string> _trace;
    private readonly VirtioNetDevice _driven;
    private readonly NetworkConfiguration _configuration;
    private readonly List<FrameBuffer> _frames = [];
    private readonly List<FrameBatch> _batches = [];
    private int _crashes;
    private bool _serves;

    public SimulatedHost(int port, DeterministicHost host, FaultPlan plan, SimulatedNetwork network, SimulationOptions options, int seed, Action<string> trace)
    {
        Port = port;
        _host = host;
        _plan = plan;
        _trace = trace;
        _random = new(seed * 31 + port);
        Address = Ipv4Address.From(10, 0, 0, (byte)(1 + port));
        Hardware = new(0x0200_0000_0001UL + (ulong)port);
        System = new(new()
        {
            Host = host,
            Time = host.Time,
            // As on the machine in each second run; else exactly, so that the order of what is due at one time is tried too.
            HasTimerWheel = seed % 2 == 0,
            MaximumMailboxCapacity = options.MailboxCapacity,
            OnFailure = OnFailure,
            ShutdownTimeout = TimeSpan.FromMinutes(1),
        });
        Device = new(
            $"net{port}", Hardware.Value, _random.Next(4) > 0, 16 << _random.Next(3), () => plan.Strikes(FaultKinds.LostInterrupt, 0.5, host.Time.Elapsed), Notified(network),
            frame => network.Send(this, frame));
        VirtioNetOptions driver = new() { RingSizeLimit = Device.Ring, ReceiveFrameCount = 160, TransmitFrameCount = 160, BatchCount = 128 };
        VirtioMmioTransport transport = VirtioMmioTransport.Open(Device);
        _driven = new(transport, Device.CreateArena(driver.RequiredDmaMemory), driver);
        Driver = System.Spawn(() => new VirtioNetDriver(_driven), new SpawnOptions { Name = "virtio-net", OnFailure = FailurePolicy.Restart, WaitsFor = [] });
        _configuration = new()
        {
            Static = new(new(Address, 24)),
            Ipv6 = null,
            Tcp = new()
            {
                ReceiveBuffer = 16_384 << _random.Next(4),
                CongestionControl = _random.Next(3) == 0 ? TcpCongestionControl.NewReno : TcpCongestionControl.Cubic,
                SelectiveAcknowledgements = _random.Next(4) > 0,
                Timestamps = _random.Next(4) > 0,
                NoDelay = _random.Next(4) > 0,
            },
        };
    }

    public int Port { get; }

    public ActorSystem System { get; }

    public SimulatedNetDevice Device { get; }

    public ActorRef<NetworkDeviceMessage> Driver { get; }

    public Ipv4Address Address { get; }

    public MacAddress Hardware { get; }

    public NetworkStack Stack { get; private set; } = null!;

    /// <summary>Failures of actors that the plan did not bring about.</summary>
    public List<string> Failures { get; } = [];

    public async Task StartAsync() => Stack = await NetworkStack.StartAsync(System, Driver, _configuration, this);

    public void Fill(Span<byte> bytes) => _random.NextBytes(bytes);

    /// <summary>Brings about what the plan has for a host, now and then.</summary>
    public async Task SufferAsync()
    {
        while (true)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1 + _random.Next(100)), _host.Time);
            TimeSpan now = _host.Time.Elapsed;
            if (now >= _plan.End)
                break;
            if (!_plan.IsTime(now))
                continue;
            Suffer(now);
            if (_plan.Strikes(FaultKinds.LayerSwap, 0.15, now))
                await SwapAsync();
        }

        Recover();
    }

    /// <summary>Faults are over: what was taken is given back, and lines are looked at again.</summary>
    public void Recover()
    {
        GiveBack();
        if (Device.Arena is { } arena)
            arena.Refusals = 0;
        Device.Line.Update();
    }

    /// <summary>What must hold when the system has stopped and nothing is on its way.</summary>
    public void CheckNothingLeaked()
    {
        foreach ((string name, int rented, long misuse) in new[]
        {
            ("receive frames", _driven.ReceiveFrames.RentedCount, _driven.ReceiveFrames.MisuseCount),
            ("transmit frames", _driven.TransmitFrames.RentedCount, _driven.TransmitFrames.MisuseCount),
            ("batches", _driven.Batches.RentedCount, _driven.Batches.MisuseCount),
        })
        {
            if (rented != 0 || misuse != 0)
                throw new InvariantException($"Host {Port}: {rented} {name} leaked, {misuse} were misused.");
        }

        if (Device.Arena!.BytesInQuarantine != 0)
            throw new InvariantException($"Host {Port}: {Device.Arena.BytesInQuarantine} octets of device memory stayed in quarantine.");
    }

    /// <summary>What must hold at any time.</summary>
    public void CheckAlways()
    {
        if (Failures.Count > 0)
            throw new InvariantException($"Host {Port}: {Failures[0]}");
        if (_driven.ReceiveFrames.MisuseCount + _driven.TransmitFrames.MisuseCount + _driven.Batches.MisuseCount > 0)
            throw new InvariantException($"Host {Port}: a frame or batch was used by somebody who no longer owned it.");
        if (Driver.Terminated.IsCompleted)
            throw new InvariantException($"Host {Port}: the driver has ended.");
    }

    /// <summary>What the counters must make when nothing is on its way.</summary>
    public async Task CheckCountersAsync()
    {
        NetworkDeviceStatistics statistics = await Driver.AskAsync<NetworkDeviceStatistics>(NetworkDeviceMessage.GetStatistics);
        long dropped = statistics.ReceiveDroppedNoClient + statistics.ReceiveDroppedClientBusy + statistics.ReceiveDroppedNoBatch + statistics.ReceiveDroppedMalformed;
        if (statistics.Resets == 0 && Device.Delivered != statistics.ReceivedFrames + dropped)
            throw new InvariantException($"Host {Port}: the device delivered {Device.Delivered} frames, the driver received {statistics.ReceivedFrames} and dropped {dropped}.");
        if (Stack["Ethernet"].Received != statistics.ReceivedFrames)
            throw new InvariantException($"Host {Port}: the driver handed {statistics.ReceivedFrames} frames on, Ethernet received {Stack["Ethernet"].Received}.");
        foreach (Tools.Networks.Attacks.LayerLedger ledger in Tools.Networks.Attacks.LayerLedger.Of(Counter))
        {
            if (ledger.Missing != 0)
                throw new InvariantException($"Host {Port}: {ledger.Layer} received {ledger.Received} packets and accounts for {ledger.Accounted}. {string.Join("; ", Stack.Counters)}");
        }
    }

    private long Counter(string name)
    {
        string[] parts = name.Split('.');
        if (Stack.Counters.FirstOrDefault(counters => counters.Layer == parts[0]) is not { } layer)
            return 0;
        return parts[1] switch
        {
            "received" => layer.Received,
            "fragments" => layer.Fragments,
            "reassembled" => layer.Reassembled,
            _ => parts.Length == 2 ? layer.TotalDropped : layer.Dropped(Enum.Parse<DropCause>(parts[2])),
        };
    }

    // The device looks at its ring a little later, as another processor would.
    private Action Notified(SimulatedNetwork network) => () =>
    {
        if (_serves)
            return;
        _serves = true;
        network.At(_host.Time.Elapsed + TimeSpan.FromMicroseconds(_random.Next(20)), () =>
        {
            _serves = false;
            Device.ServeTransmit();
        });
    };

    private void Suffer(TimeSpan now)
    {
        if (_plan.Strikes(FaultKinds.SpuriousInterrupt, 1, now))
            Device.Line.FireSpuriously();
        if (_plan.Strikes(FaultKinds.ClockJump, 0.1, now))
            _host.Time.Jump(TimeSpan.FromMilliseconds(_plan.Of(FaultKinds.ClockJump).Next(1, 3000)));
        if (_plan.Strikes(FaultKinds.DeviceReset, 0.2, now))
        {
            _trace($"host {Port}: the device {(_plan.Of(FaultKinds.DeviceReset).Next(2) == 0 ? "asks for a reset" : "lies")}");
            if (_plan.Of(FaultKinds.DeviceReset).Next(2) == 0)
                Device.AskForReset();
            else
                Device.Lie();
        }

        if (_crashes < MostCrashes && _plan.Strikes(FaultKinds.DriverCrash, 0.3, now))
        {
            _crashes++;
            _trace($"host {Port}: the driver will fail");
            Device.CrashDriver();
        }

        if (_plan.Strikes(FaultKinds.MemoryRefusal, 0.3, now))
            Refuse();
        else if (_frames.Count > 0 && _plan.Of(FaultKinds.MemoryRefusal).Next(3) == 0)
            GiveBack();
    }

    private void Refuse()
    {
        _trace($"host {Port}: memory is refused");
        while (_driven.TransmitFrames.TryRent(out FrameBuffer frame))
            _frames.Add(frame);
        int batches = _plan.Of(FaultKinds.MemoryRefusal).Next(3) == 0 ? int.MaxValue : 0;
        while (batches-- > 0 && _driven.Batches.TryRent(out FrameBatch batch))
            _batches.Add(batch);
        if (_plan.Of(FaultKinds.MemoryRefusal).Next(4) == 0)
        {
            Device.Arena!.Refusals = 1 + _plan.Of(FaultKinds.MemoryRefusal).Next(3);
            Device.AskForReset();
        }
    }

    private void GiveBack()
    {
        _frames.ForEach(static frame => frame.Dispose());
        _frames.Clear();
        _batches.ForEach(static batch => batch.Dispose());
        _batches.Clear();
    }

    private async Task SwapAsync()
    {
        try
        {
            if (_plan.Of(FaultKinds.LayerSwap).Next(2) == 0)
                await Stack.Ipv4.SwapAsync(Stack.CreateIpv4);
            else
                await Stack.Tcp.SwapAsync(Stack.CreateTcp);
        }
        catch (Exception exception) when (exception is InvalidOperationException or HotSwapException)
        {
            // It has answers to send just now; the old behaviour goes on.
            _trace($"host {Port}: no swap now: {exception.Message}");
        }
    }

    private void OnFailure(ActorFailure failure)
    {
        _trace($"host {Port}: {failure.Path} failed: {failure.Exception.Message}");
        if (failure.Exception is PlannedCrashException)
            return;
        Failures.Add($"{failure.Path} failed: {failure.Exception}");
    }
}
