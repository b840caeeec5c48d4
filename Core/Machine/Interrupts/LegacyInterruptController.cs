namespace Troupe.Core.Machine;

/// <summary>The two 8259 controllers of the PC: put out of the way, because every interrupt comes through APICs.</summary>
public static class LegacyInterruptController<TPorts>
    where TPorts : struct, IPorts
{
    private const ushort PrimaryCommand = 0x20;
    private const ushort PrimaryData = 0x21;
    private const ushort SecondaryCommand = 0xA0;
    private const ushort SecondaryData = 0xA1;

    /// <summary>
    /// Masks every line, after moving the vectors away from the exceptions: a spurious interrupt is not maskable and would
    /// otherwise look like a double fault. Harmless where there are no controllers.
    /// </summary>
    /// <param name="vectorBase">First of 16 vectors; a multiple of 8.</param>
    public static void Disable(byte vectorBase)
    {
        TPorts.Out8(PrimaryCommand, 0x11); // ICW1: edge, cascade, ICW4 follows
        TPorts.Out8(SecondaryCommand, 0x11);
        TPorts.Out8(PrimaryData, vectorBase); // ICW2
        TPorts.Out8(SecondaryData, (byte)(vectorBase + 8));
        TPorts.Out8(PrimaryData, 1 << 2); // ICW3: the secondary sits on line 2
        TPorts.Out8(SecondaryData, 2);
        TPorts.Out8(PrimaryData, 1); // ICW4: 8086 mode
        TPorts.Out8(SecondaryData, 1);
        TPorts.Out8(PrimaryData, 0xFF);
        TPorts.Out8(SecondaryData, 0xFF);
    }
}
