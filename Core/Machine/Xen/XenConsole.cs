// xen/include/public/io/console.h; whoever writes holds the console's lock (KernelConsole), or panics.
using Channels = Troupe.Core.Machine.Xen.XenEventChannels<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Machine.Xen.KernelHypercalls>;
using Domain = Troupe.Core.Machine.Xen.XenDomain<Troupe.Core.Machine.Xen.KernelHypercalls>;

namespace Troupe.Core.Machine.Xen;

/// <summary>
/// The kernel's output in a Xen domain: the ring that <c>xl console</c> shows and xenconsoled logs. Where that stays full, because nobody empties
/// it, output is dropped until there is room: a guest must not hang on its console.
/// </summary>
public static unsafe class XenConsole
{
    // About a second of the time-stamp counter.
    private const ulong LongestWait = 2_000_000_000;

    private static ulong _page;
    private static uint _port;
    private static ulong _fullSince;

    /// <summary>Whether the console is this one.</summary>
    public static bool IsOpen => _page != 0;

    /// <summary>The ring's page, which must be mapped; 0: there is none.</summary>
    public static ulong Page => _page;

    /// <summary>Output goes here from now on.</summary>
    public static void Open(ulong page, uint port)
    {
        _page = page;
        _port = port;
    }

    /// <summary>Writes a byte, waiting for room; dropped if there is none for long.</summary>
    public static void Put(byte value)
    {
        if (XenConsoleRing.Room(_page) == 0)
        {
            Notify();
            while (XenConsoleRing.Room(_page) == 0)
            {
                if (IsStalled())
                    return;
                Domain.YieldProcessor();
            }
        }

        _fullSince = 0;
        XenConsoleRing.Put(_page, value);
    }

    /// <summary>Writes what there is room for, and says how many bytes are dealt with: written, or dropped because nobody has read for long.</summary>
    public static ulong WriteReady(byte* text, ulong length)
    {
        ulong room = XenConsoleRing.Room(_page);
        if (room == 0)
        {
            Notify();
            return IsStalled() ? length : 0;
        }

        _fullSince = 0;
        ulong count = length < room ? length : room;
        for (ulong i = 0; i < count; i++)
            XenConsoleRing.Put(_page, text[i]);
        Notify();
        return count;
    }

    /// <summary>Tells the other end that there is something.</summary>
    public static void Notify() => Channels.Send(_port);

    private static bool IsStalled()
    {
        ulong now = Instructions.ReadTimeStampCounter();
        if (_fullSince == 0)
            _fullSince = now | 1;
        return now - _fullSince > LongestWait;
    }
}
