#include "scriptc.h"
SC_INLINE int sc_gemm_f32(sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const float *a, int64_t ar, int64_t ac, const float *b, int64_t br, int64_t bc, float *c, int64_t cr) {
 (void)ws;(void)slot; for(int64_t i=0;i<m;i++) for(int64_t j=0;j<n;j++){ float s=0; for(int64_t l=0;l<k;l++) s+=a[i*ar+l*ac]*b[l*br+j*bc]; c[i*cr+j]=s;} return 0;}
SC_INLINE int sc_gemm_f64(sc_workspace *ws, int slot, int64_t m, int64_t n, int64_t k, const double *a, int64_t ar, int64_t ac, const double *b, int64_t br, int64_t bc, double *c, int64_t cr) {
 (void)ws;(void)slot; for(int64_t i=0;i<m;i++) for(int64_t j=0;j<n;j++){ double s=0; for(int64_t l=0;l<k;l++) s+=a[i*ar+l*ac]*b[l*br+j*bc]; c[i*cr+j]=s;} return 0;}
