namespace Troupe.Smp.Tests.Machine;

/// <summary>A machine on which nothing happens but what the test does: time is set by hand, interrupts are written down.</summary>
public sealed class IdleMachine(int processors) : TestMachine(processors)
{
    private long _now;

    public override long Now => _now;

    public List<int> Interrupted { get; } = [];

    public void SetTime(long now) => _now = now;

    /// <summary>What follows is done by this processor.</summary>
    public void As(int processor) => TestProcessors.Enter(this, processor);

    public override void OnInterrupt(int sender, int target) => Interrupted.Add(target);
}
