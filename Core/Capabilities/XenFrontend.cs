// xen/include/public/grant_table.h and io/xs_wire.h: what a domain shares with another, and with xenstore.
namespace Troupe.Core.Capabilities;

/// <summary>
/// The guest's half of a Xen device, whose other half is a driver in another domain: memory that this domain can be granted, and a channel to it.
/// </summary>
/// <remarks>
/// What the other domain learns are numbers of grants. They name pages of this device's arenas and nothing else, and no address is ever shown. In contrast to a
/// device on a bus, the other end reaches exactly the pages that are granted, and only until they are taken back.
/// </remarks>
public abstract class XenFrontend : DeviceCapability
{
    /// <summary>Lets the other domain reach the page at <paramref name="offset"/> of a block of one of this device's arenas.</summary>
    /// <param name="block">The block.</param>
    /// <param name="offset">Byte offset of the page: a multiple of 4096, as the block's own alignment is.</param>
    /// <param name="isReadOnly">Whether the other domain may only read it.</param>
    /// <returns>The grant's number.</returns>
    /// <exception cref="CapabilityException">No grant is free, the block is not this device's, or the capability was revoked.</exception>
    public abstract uint Grant(DmaBlock block, int offset, bool isReadOnly);

    /// <summary>
    /// Takes all grants back. False while the other domain has some of their pages mapped: those stay granted, and it is to be asked again later; until then their
    /// memory must not be used for anything else.
    /// </summary>
    public abstract bool TryTakeBackGrants();

    /// <summary>A channel to the other domain; the same one at each call with the same number.</summary>
    /// <param name="number">From 0 on; a device has as many as it has queues.</param>
    /// <exception cref="CapabilityException">The capability was revoked, or the number is higher than any device needs.</exception>
    public abstract EventChannel OpenChannel(int number = 0);
}

/// <summary>The guest's end of the ring to xenstore, the directory through which domains and the toolstack find each other.</summary>
public abstract class XenStoreConnection
{
    /// <summary>The page that holds both rings (xen/include/public/io/xs_wire.h). It is not given back: the toolstack made it.</summary>
    public abstract DmaBlock Page { get; }

    /// <summary>The channel to xenstore.</summary>
    public abstract EventChannel Channel { get; }
}
