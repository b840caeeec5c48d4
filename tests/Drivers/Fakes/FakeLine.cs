using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>An interrupt line whose callback runs on the thread that raises it. Level-triggered if it is given the level.</summary>
internal sealed class FakeLine(Func<bool>? level) : InterruptLine
{
    private Action? _callback;
    private bool _masked = true;
    private bool _isRevoked;

    public int Fired { get; private set; }

    /// <summary>The processor whose worker was asked for.</summary>
    public int? Processor { get; private set; }

    public override bool IsLevelTriggered => level is not null;

    public override void Connect(Action onInterrupt, int? processor = null)
    {
        ThrowIfRevoked();
        _callback = onInterrupt;
        Processor = processor;
        _masked = false;
        Update();
    }

    public override void Acknowledge()
    {
        if (!IsLevelTriggered)
        {
            return;
        }

        ThrowIfRevoked();
        if (_callback is not null)
        {
            _masked = false;
            Update();
        }
    }

    public override void Disconnect()
    {
        _masked = true;
        _callback = null;
    }

    /// <summary>Disconnects for good.</summary>
    public void Revoke()
    {
        _isRevoked = true;
        Disconnect();
    }

    public void Raise()
    {
        if (level is not null)
        {
            Update();
        }
        else if (_callback is not null)
        {
            Fired++;
            _callback();
        }
    }

    private void ThrowIfRevoked()
    {
        if (_isRevoked)
        {
            throw new CapabilityException("The device's grants were revoked.");
        }
    }

    private void Update()
    {
        if (!_masked && level is not null && level())
        {
            _masked = true;
            Fired++;
            _callback!();
        }
    }
}
