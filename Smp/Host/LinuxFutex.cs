namespace Troupe.Smp.Host;

/// <summary>Linux's futexes, which our kernel serves too.</summary>
internal readonly struct LinuxFutex : IFutex
{
    public static void Wait(ref int word, int value, TimeSpan timeout) => LinuxThread.WaitOnWord(ref word, value, timeout);

    public static void Wake(ref int word) => LinuxThread.WakeWord(ref word);
}
