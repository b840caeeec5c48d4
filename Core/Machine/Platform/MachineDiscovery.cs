namespace Troupe.Core.Machine;

/// <summary>Finds out what the machine consists of; runs once at boot, on the bootstrap processor.</summary>
public static unsafe class MachineDiscovery<TPhysical>
    where TPhysical : struct, IPhysicalMemory
{
    /// <summary>Fills the description.</summary>
    /// <param name="startInfo">Physical address of the loader's <c>hvm_start_info</c>.</param>
    /// <param name="machine">What to fill.</param>
    /// <returns>False when the loader's structure is missing: nothing is known then, not even the memory.</returns>
    public static bool Discover(ulong startInfo, MachineDescription* machine)
    {
        MachineDescription.Clear(machine);
        if (!PvhStartInfo<TPhysical>.Read(startInfo, machine))
            return false;

        // A loader that puts the root pointer elsewhere says so in start_info; firmware that ran before it (QEMU) need not.
        machine->RootPointer = RootPointer<TPhysical>.Find(machine->RootPointer);
        if (machine->RootPointer != 0)
            AcpiTables<TPhysical>.Read(machine->RootPointer, machine);
        if (machine->TopologySource == TopologySource.None)
            MultiprocessorTable<TPhysical>.Read(machine);

        // Last, because an interrupt's number on the command line is resolved by the overrides.
        machine->MalformedCommandLineWords = VirtioMmioCommandLine<TPhysical>.Parse(machine->CommandLine, machine);
        return true;
    }
}
