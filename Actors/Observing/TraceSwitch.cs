using System.Runtime.CompilerServices;
using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// Whether any system of the process is traced. Every hook tests this one number, which is all that tracing costs while it is off; whose
/// system it is, the hook asks after that.
/// </summary>
internal static class TraceSwitch
{
    private static int _tracers;

    internal static bool IsOn
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ProcessorMemory.LoadAcquire(ref _tracers) != 0;
    }

    internal static void Enter() => ProcessorMemory.Add(ref _tracers, 1);

    internal static void Leave() => ProcessorMemory.Add(ref _tracers, -1);
}
