using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioRng;

namespace Troupe.Drivers.Tests;

public sealed class VirtioRngTests : IAsyncLifetime
{
    // The system's own clock stands still.
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly FakeMemory _memory = new();
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeVirtioDevice _device;
    private readonly ActorSystem _system;
    private readonly ActorRef<EntropyMessage> _driver;

    public VirtioRngTests()
    {
        _device = new FakeVirtioDevice(_memory, VirtioDeviceType.Entropy, 1, 8, VirtioFeatures.EventIndex);
        _system = new ActorSystem(new ActorSystemOptions { Time = _clock });
        var transport = VirtioMmioTransport.Open(new FakeMmioDevice(_device));
        var arena = new FakeArena(_memory, VirtioRngDriver.RequiredDmaMemory);
        _driver = _system.Spawn(() => new VirtioRngDriver(transport, arena), new SpawnOptions { OnFailure = FailurePolicy.Restart });
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.DisposeAsync().AsTask();

    [Fact]
    public async Task DeliveredBytesDoNotStayInTheDevicesMemory()
    {
        FakeQueue.Piece buffer = default;
        _device.OnNotify = _ => buffer = Deliver(0x5A, static length => length);
        Assert.All(await RequestAsync(32), static octet => Assert.Equal(0x5A, octet));
        Assert.True(_memory.At(buffer.Address, 32).IndexOfAnyExcept((byte)0) < 0);
    }

    [Fact]
    public async Task RequestsAreAnsweredInTheirOrder()
    {
        byte next = 0;
        _device.OnNotify = _ => Deliver(next++, static length => length);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => RequestAsync(1)));
        Assert.Equal(Enumerable.Range(0, 20).Select(static value => (byte)value), answers.Select(static answer => answer[0]));
    }

    [Fact]
    public async Task AnEmptyBufferFailsTheRequestAndResetsTheDevice()
    {
        _device.OnNotify = _ => Deliver(1, static _ => 0);
        await AssertFailsAsync<DeviceViolationException>(RequestAsync(8));
        await AssertWorksAfterResetAsync();
    }

    [Fact]
    public async Task ALengthBeyondTheBufferFailsTheRequestAndResetsTheDevice()
    {
        _device.OnNotify = _ => Deliver(1, static length => length + 1);
        await AssertFailsAsync<DeviceViolationException>(RequestAsync(8));
        await AssertWorksAfterResetAsync();
    }

    [Fact]
    public async Task ADeviceThatDeliversNothingInTimeFailsTheRequestAndIsReset()
    {
        var notified = new TaskCompletionSource();
        _device.OnNotify = _ => notified.TrySetResult();
        var request = RequestAsync(8);
        await notified.Task;
        // The deadline is armed after the notification, in the same turn.
        while (!request.IsCompleted)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1);
        }

        await AssertFailsAsync<DeviceViolationException>(request);
        await AssertWorksAfterResetAsync();
    }

    [Fact]
    public async Task ADeviceThatLiesAgainAndAgainIsLeftInResetForASecond()
    {
        const int LiesInARow = 5;
        _device.OnNotify = _ => Deliver(1, static _ => 0);
        for (var lie = 0; lie < LiesInARow; lie++)
        {
            await AssertFailsAsync<DeviceViolationException>(RequestAsync(8));
        }

        await AssertFailsAsync<VirtioException>(RequestAsync(8));
        Assert.Equal(VirtioStatus.Reset, _device.Status);
        _device.OnNotify = _ => Deliver(7, static length => length);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((byte[])[7, 7, 7], await RequestAsync(3));
    }

    [Fact]
    public async Task ADeviceWhoseResetDoesNotEndIsResetAgainLater()
    {
        // The reset of its start ends; it has been started when it delivers something.
        _device.OnNotify = _ => Deliver(7, static length => length);
        await RequestAsync(1);
        _device.OnNotify = _ => Deliver(1, static _ => 0);
        _device.RefusesReset = true;
        await AssertFailsAsync<DeviceViolationException>(RequestAsync(8));
        await AssertFailsAsync<VirtioException>(RequestAsync(8));
        _device.RefusesReset = false;
        _device.OnNotify = _ => Deliver(7, static length => length);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((byte[])[7, 7, 7], await RequestAsync(3));
    }

    [Fact]
    public async Task OneRequestTooManyIsRefusedAtOnce()
    {
        var waiting = Enumerable.Range(0, 64).Select(_ => RequestAsync(1)).ToArray();
        await AssertFailsAsync<VirtioException>(RequestAsync(1));
        Assert.All(waiting, static request => Assert.False(request.IsCompleted));
        await _system.DisposeAsync();
        await Task.WhenAll(waiting.Select(AssertFailsAsync<VirtioException>));
    }

    [Fact]
    public async Task WhoWaitsHearsThatTheDriverWasStopped()
    {
        var notified = new TaskCompletionSource();
        _device.OnNotify = _ => notified.TrySetResult();
        var request = RequestAsync(8);
        await notified.Task;
        await _system.DisposeAsync();
        await AssertFailsAsync<VirtioException>(request);
        Assert.Equal(VirtioStatus.Reset, _device.Status);
    }

    private static async Task AssertFailsAsync<TReason>(Task<ImmutableArray<byte>> request) =>
        Assert.IsType<TReason>((await Assert.ThrowsAsync<AskFailedException>(() => request.WaitAsync(_patience))).InnerException);

    private async Task AssertWorksAfterResetAsync()
    {
        _device.OnNotify = _ => Deliver(7, static length => length);
        Assert.Equal((byte[])[7, 7, 7], await RequestAsync(3));
        // One when it was started, one now.
        Assert.Equal(2, _device.Resets);
    }

    private FakeQueue.Piece Deliver(byte value, Func<int, int> reported)
    {
        Assert.True(_device.Queues[0].TryPop(out var head, out var pieces));
        var piece = Assert.Single(pieces);
        Assert.True(piece.Writable);
        _memory.At(piece.Address, piece.Length).Fill(value);
        _device.Queues[0].PushAndInterrupt((uint)head, (uint)reported(piece.Length));
        return piece;
    }

    private async Task<ImmutableArray<byte>> RequestAsync(int count) =>
        await _driver.AskAsync<ImmutableArray<byte>>(reply => EntropyMessage.Request(count, reply), TimeSpan.FromMinutes(10));
}
