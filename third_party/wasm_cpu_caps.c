// libvpx's dispatch tables ask once what the processor can do. In WebAssembly every kernel was chosen
// when compiling, and the answer is not used.
int arm_cpu_caps(void);
int arm_cpu_caps(void) { return 0; }
