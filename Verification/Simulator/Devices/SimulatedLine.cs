using Troupe.Core.Capabilities;

namespace Troupe.Verification.Simulator;

/// <summary>A level-triggered line. While an interrupt is lost nobody hears of the level; it is looked at again with the next, and when faults are over.</summary>
internal sealed class SimulatedLine(Func<bool> level, Func<bool> isLost) : InterruptLine
{
    private Action? _callback;
    private bool _masked = true;

    public override bool IsLevelTriggered => true;

    public override void Connect(Action onInterrupt, int? processor = null)
    {
        _callback = onInterrupt;
        _masked = false;
        Update();
    }

    public override void Acknowledge()
    {
        if (_callback is null)
            return;
        _masked = false;
        Update();
    }

    public override void Disconnect()
    {
        _masked = true;
        _callback = null;
    }

    /// <summary>The device raised its level.</summary>
    public void Raise()
    {
        if (!isLost())
            Update();
    }

    /// <summary>Fires if the level is high.</summary>
    public void Update()
    {
        if (!_masked && level())
            Fire();
    }

    /// <summary>Fires without a cause.</summary>
    public void FireSpuriously()
    {
        if (!_masked)
            Fire();
    }

    private void Fire()
    {
        _masked = true;
        _callback!();
    }
}
