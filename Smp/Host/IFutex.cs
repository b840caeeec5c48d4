namespace Troupe.Smp.Host;

/// <summary>What <see cref="ParkingWord{TMemory, TFutex}"/> asks of the kernel (man 2 futex); the seam at which Coyote takes the kernel's place.</summary>
internal interface IFutex
{
    /// <summary>Waits if the word holds the value, which is looked at in one step with going to sleep; until woken, interrupted or the time is over.</summary>
    static abstract void Wait(ref int word, int value, TimeSpan timeout);

    /// <summary>Wakes one that waits on the word.</summary>
    static abstract void Wake(ref int word);
}
