namespace Troupe.Smp.Kernel;

internal enum PageAccess { Read, Write, Execute }
