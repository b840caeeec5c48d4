using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>When a line counts as asserted.</summary>
public enum InterruptPolarity
{
    /// <summary>High (or on the rising edge).</summary>
    ActiveHigh = 0,

    /// <summary>Low (or on the falling edge).</summary>
    ActiveLow = 1,
}

/// <summary>What a line's assertion means.</summary>
public enum InterruptTrigger
{
    /// <summary>A change is one interrupt.</summary>
    Edge = 0,

    /// <summary>Asks for service as long as it is asserted.</summary>
    Level = 1,
}

/// <summary>Where an ISA interrupt arrives, if not at the pin of its own number, or not as a rising edge.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InterruptOverride
{
    /// <summary>The ISA interrupt request line, 0 to 15.</summary>
    public uint Source;

    /// <summary>The global system interrupt it is wired to.</summary>
    public uint GlobalInterrupt;

    /// <summary>Its polarity.</summary>
    public InterruptPolarity Polarity;

    /// <summary>Its trigger mode.</summary>
    public InterruptTrigger Trigger;
}
