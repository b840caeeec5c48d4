namespace Troupe.Core.Machine;

/// <summary>The MPS INTI flags (MP specification 1.4, table 4-10; ACPI 6.5, table 5.26 took them over).</summary>
public static unsafe class InterruptFlags
{
    private const uint PolarityMask = 0b0011;
    private const uint ActiveLow = 0b0011;
    private const uint TriggerMask = 0b1100;
    private const uint LevelTriggered = 0b1100;

    /// <summary>Sets polarity and trigger mode; "conforms to the bus" means ISA's: active high, edge.</summary>
    public static void Decode(uint flags, InterruptOverride* route)
    {
        route->Polarity = (flags & PolarityMask) == ActiveLow ? InterruptPolarity.ActiveLow : InterruptPolarity.ActiveHigh;
        route->Trigger = (flags & TriggerMask) == LevelTriggered ? InterruptTrigger.Level : InterruptTrigger.Edge;
    }
}
