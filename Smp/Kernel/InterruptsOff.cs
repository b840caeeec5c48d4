using System.Runtime.InteropServices;

namespace Troupe.Smp.Kernel;

/// <summary>
/// How long interrupts were off on one processor, each stay from kernel_entry's beginning to its end: how many stays were how long, and the
/// longest of each cause. In ticks of the time-stamp counter. Written by that processor only; another may read it half-updated.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
public unsafe struct InterruptsOff
{
    /// <summary>Bytes: two pages.</summary>
    public const int Size = 8192;

    /// <summary>A power of two is divided into so many classes: a class ends at most a quarter above its beginning.</summary>
    public const int ClassesPerOctave = 4;

    /// <summary>Classes: up to 2^40 ticks, minutes on any machine.</summary>
    public const int Classes = 40 * ClassesPerOctave;

    /// <summary>The first of a system call's causes is number 0.</summary>
    public const int FirstSystemCall = 0;

    /// <summary>System calls by number; a higher one that Linux has counts as <see cref="OtherSystemCall"/>.</summary>
    public const int SystemCalls = 448;

    /// <summary>The cause of vector 0.</summary>
    public const int FirstVector = FirstSystemCall + SystemCalls;

    /// <summary>The cause of the first of our own calls (<see cref="HostCall.MapDevice"/>).</summary>
    public const int FirstOwnCall = FirstVector + 256;

    /// <summary>Our own calls.</summary>
    public const int OwnCalls = 32;

    /// <summary>The cause of a call that nobody serves.</summary>
    public const int OtherSystemCall = FirstOwnCall + OwnCalls;

    /// <summary>How many causes there are.</summary>
    public const int Causes = OtherSystemCall + 1;

    /// <summary>Ticks a second.</summary>
    [FieldOffset(0)] public ulong Frequency;

    /// <summary>How many stays were of each class (<see cref="ClassOf"/>).</summary>
    [FieldOffset(8)] public fixed long Counts[Classes];

    /// <summary>The longest stay of each cause.</summary>
    [FieldOffset(8 + (Classes * 8))] public fixed ulong Longest[Causes];

    /// <summary>The cause of a system call.</summary>
    public static int CauseOfCall(ulong number) =>
        number < SystemCalls ? FirstSystemCall + (int)number
        : number - HostCall.MapDevice < OwnCalls ? FirstOwnCall + (int)(number - HostCall.MapDevice)
        : OtherSystemCall;

    /// <summary>Log-linear: the power of two, and the two bits after the first.</summary>
    public static int ClassOf(ulong ticks)
    {
        int octave = 0;
        while (ticks >= 2 * ClassesPerOctave)
        {
            ticks >>= 1;
            octave++;
        }

        // Below the first octave every number is a class of its own.
        int index = ticks < ClassesPerOctave ? (int)ticks : ((octave + 1) * ClassesPerOctave) + (int)(ticks - ClassesPerOctave);
        return index < Classes ? index : Classes - 1;
    }

    /// <summary>The first number of ticks beyond a class.</summary>
    public static ulong EndOf(int index) => index < ClassesPerOctave
        ? (ulong)index + 1
        : (ulong)((index % ClassesPerOctave) + ClassesPerOctave + 1) << ((index / ClassesPerOctave) - 1);

    /// <summary>Notes a stay.</summary>
    internal static void Note(InterruptsOff* record, int cause, ulong ticks)
    {
        record->Counts[ClassOf(ticks)]++;
        if (ticks > record->Longest[cause])
        {
            record->Longest[cause] = ticks;
        }
    }
}
