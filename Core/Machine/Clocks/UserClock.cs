using System.Runtime.InteropServices;

namespace Troupe.Core.Machine;

/// <summary>
/// What clock.S tells the program's time with: the kernel's own scale and zero. Filled before the program starts, read-only from
/// then on. The fields are known to Assembly/layout.inc.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct UserClock
{
    /// <summary>Of the <see cref="ClockScale"/> from the time-stamp counter to nanoseconds; 0: the kernel must be asked.</summary>
    public ulong Multiplier;

    /// <summary>The scale's shift.</summary>
    public ulong Shift;

    /// <summary>The time-stamp counter at time zero.</summary>
    public ulong Start;

    /// <summary>Wall time at time zero, nanoseconds since 1970.</summary>
    public long WallAtStart;

    /// <summary>The program's one.</summary>
    public static UserClock* Shared => (UserClock*)ImageSymbols.UserClock();
}
