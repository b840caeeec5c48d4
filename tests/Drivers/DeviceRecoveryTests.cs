using Troupe.Core.Capabilities;
using Troupe.Drivers.Virtio;

namespace Troupe.Drivers.Tests;

/// <summary>What becomes of a device that cannot be started, or may be no longer.</summary>
public sealed class DeviceRecoveryTests
{
    private readonly FakeArena _arena = new(new FakeMemory());
    private readonly DeviceRecovery _recovery;
    private Exception? _refusal;
    private int _starts;
    private int _stops;
    private int _wakes;

    public DeviceRecoveryTests() => _recovery = new(Start, () => _stops++, _ => _wakes++, _arena);

    [Fact]
    public void MemoryThatIsRefusedIsWaitedFor()
    {
        _refusal = new CapabilityException("no memory");
        _recovery.OnViolation(progress: 1);
        Assert.Equal((true, 1, 1), (_recovery.IsResting, _starts, _wakes));
        _refusal = null;
        _recovery.GoOn();
        Assert.Equal((false, 2), (_recovery.IsResting, _starts));
    }

    [Fact]
    public void ARevocationIsThrownAndNotWaitedOut()
    {
        _arena.Revoke();
        _refusal = new CapabilityException("revoked");
        Assert.Same(_refusal, Assert.Throws<CapabilityException>(() => _recovery.OnViolation(progress: 1)));
        Assert.Equal((1, 0), (_starts, _wakes));
    }

    [Fact]
    public void ADeviceThatRestsIsLeftAloneOnceItsCapabilityIsRevoked()
    {
        _refusal = new VirtioException("does not answer");
        _recovery.OnViolation(progress: 1);
        _arena.Revoke();
        _recovery.GoOn();
        Assert.Equal((true, 1), (_recovery.IsResting, _starts));
    }

    [Fact]
    public void TheNextIncarnationLeavesARevokedDeviceAloneAndStartsAnotherAtOnce()
    {
        _recovery.Begin();
        Assert.Equal((false, 1), (_recovery.IsResting, _starts));
        _arena.Revoke();
        _recovery.Begin();
        Assert.Equal((true, 1, 0, 0), (_recovery.IsResting, _starts, _stops, _wakes));
    }

    private void Start()
    {
        _starts++;
        if (_refusal is not null)
        {
            throw _refusal;
        }
    }
}
