using Troupe.Core.Machine;

namespace Troupe.Smp.Kernel;

/// <summary>Wall time: read once at boot (kvmclock or the RTC), then carried by the monotonic clock.</summary>
internal static class WallClock
{
    private static long _atBoot;

    /// <summary>Sets what the wall clock said at monotonic time zero, nanoseconds since 1970.</summary>
    internal static unsafe void Initialize(long atBoot)
    {
        _atBoot = atBoot;
        UserClock.Shared->WallAtStart = atBoot;
    }

    /// <summary>Nanoseconds since 1970, UTC.</summary>
    internal static long Now => _atBoot + KernelClock.Now;

    /// <summary>When the monotonic clock will stand where the wall clock shows <paramref name="wall"/>.</summary>
    internal static long ToMonotonic(long wall) => wall <= _atBoot ? 0 : wall - _atBoot;
}
