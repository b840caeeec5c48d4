// xen/include/public/io/xenbus.h
namespace Troupe.Drivers.Xen;

/// <summary>How far one half of a device is: the number in its node <c>state</c>.</summary>
internal enum XenBusState
{
    Unknown = 0,
    Initialising = 1,
    InitWait = 2,
    Initialised = 3,
    Connected = 4,
    Closing = 5,
    Closed = 6,
}
