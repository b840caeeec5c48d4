// VIRTIO 1.2, section 5.4: entropy device, from the device's side.
using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioRng;

namespace Troupe.Verification.Simulator;

/// <summary>A virtio entropy device that can misbehave, its driver, and a client that wants octets.</summary>
internal sealed class EntropyBench : DeviceBench
{
    private const int MostPending = 8;
    private const byte Honest = 0xA5;

    private readonly LyingVirtioDevice _device;
    private readonly ActorRef<EntropyMessage> _driver;
    private readonly List<Task> _pending = [];
    private long _refused;

    public EntropyBench(Random random, DeterministicHost host) : base(random, host)
    {
        ulong features = random.Next(2) == 0 ? 0 : VirtioFeatures.EventIndex;
        features |= random.Next(2) == 0 ? 0 : VirtioFeatures.RingPacked;
        _device = new(Memory, random, VirtioDeviceType.Entropy, 1, 8, features, [0]);
        IVirtioTransport transport = VirtioMmioTransport.Open(_device);
        GuardedArena arena = (GuardedArena)_device.CreateArena(VirtioRngDriver.RequiredDmaMemory);
        _driver = System.Spawn(() => new VirtioRngDriver(transport, arena), new SpawnOptions { Name = "virtio-rng", OnFailure = FailurePolicy.Restart });
    }

    public override IReadOnlyList<Misbehaviour> Kinds { get; } = [.. Enum.GetValues<Misbehaviour>().Where(static kind => kind != Misbehaviour.HeaderGarbage)];

    // VirtioRngDriver's for its device.
    public override TimeSpan LongestWait => TimeSpan.FromSeconds(5);

    protected override bool HasEnded => _driver.Terminated.IsCompleted;

    protected override long MisuseCount => 0;

    protected override int RentedCount => 0;

    protected override long BytesInQuarantine => _device.Arena!.BytesInQuarantine;

    public override async Task StartAsync() => await Host.WhenIdle();

    public override void Work()
    {
        _pending.RemoveAll(static task => task.IsCompletedSuccessfully);
        if (_pending.Count < MostPending)
            _pending.Add(RequestAsync(1 + Random.Next(Random.Next(4) == 0 ? EntropyMessage.MaximumCount : 64)));
    }

    public override void Serve()
    {
        if (!_device.IsServing)
            return;
        LyingQueue queue = _device.Queues[0];
        queue.TakeAll();
        foreach (LyingChain chain in queue.Taken.ToArray())
        {
            // As many as it has; some devices give a few at a time.
            int count = Random.Next(3) == 0 ? 1 + Random.Next(chain.Writable) : chain.Writable;
            Memory.At(chain.Pieces[0].Address, count).Fill(Honest);
            _device.Return(0, chain, count);
        }
    }

    public override bool Misbehave(Misbehaviour kind) => _device.Misbehave(kind);

    public override void Heal() => _device.Heal(saysSo: Random.Next(2) == 0);

    public override async Task FinishAsync(TimeSpan latest)
    {
        await UntilAsync(() => _pending.TrueForAll(static task => task.IsCompleted), latest, "an answer to each request");
        await Task.WhenAll(_pending);
        for (bool isRight = false; !isRight;)
        {
            Task<bool> asking = RequestAsync(100);
            await UntilAsync(() => asking.IsCompleted, latest, "octets after the last fault");
            isRight = await asking;
        }
    }

    public override Task<(long Violations, long Resets)> CountAsync() => Task.FromResult((_refused, _device.Resets));

    private async Task<bool> RequestAsync(int count)
    {
        bool isWell = _device.IsWell;
        long resets = _device.Resets;
        try
        {
            ImmutableArray<byte> octets = await _driver.AskAsync<ImmutableArray<byte>>(reply => EntropyMessage.Request(count, reply), TimeSpan.FromHours(2));
            if (octets.Length != count)
                throw new InvariantException($"{count} octets were asked for, and {octets.Length} came.");
            if (isWell && resets == _device.Resets && octets.AsSpan().ContainsAnyExcept(Honest))
                throw new InvariantException("Octets came that the device has not written.");
            return true;
        }
        catch (AskFailedException)
        {
            _refused++;
            return false;
        }
    }
}
