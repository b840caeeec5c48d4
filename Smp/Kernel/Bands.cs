namespace Troupe.Smp.Kernel;

/// <summary>Linux's nice values as bands: the actor runtime's hosts set them with setpriority, hosted and in the guest alike.</summary>
internal static class Bands
{
    /// <summary>The nice value that stands for each band.</summary>
    internal const int HighNice = -10, NormalNice = 0, LowNice = 10;

    internal static int FromNice(int nice) => nice < 0 ? (int)Band.High : nice > 0 ? (int)Band.Low : (int)Band.Normal;

    internal static int ToNice(int band) => band == (int)Band.High ? HighNice : band == (int)Band.Low ? LowNice : NormalNice;
}
