using Troupe.Drivers.Contracts;

namespace Troupe.Drivers.Xen;

/// <summary>What the other half of a card says of it and of itself.</summary>
/// <param name="Address">The card's address.</param>
/// <param name="TransmitOffload">What it does for frames that are sent to it.</param>
/// <param name="Scatters">Whether it takes frames in several pieces.</param>
/// <param name="MostQueues">How many queues it takes.</param>
internal readonly record struct NetFrontAbilities(HardwareAddress Address, FrameOffloadFlags TransmitOffload, bool Scatters, int MostQueues = 1);
